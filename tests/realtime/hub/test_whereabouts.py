"""A node says where a user's sockets are: their positions, what waits, and what they filter."""

from __future__ import annotations

from realtime.core.whereabouts import SocketNow
from realtime.hub.hub import Hub
from realtime.hub.socket import Socket
from realtime.hub.whereabouts import Whereabouts
from realtime.options import Options
from realtime.protocol.codes import CloseCode
from tests.realtime.rig import STREAM, Node, connected, turned


class Crowd:
    """Sockets by user, as `Sockets` has them."""

    def __init__(self, *sockets: Socket) -> None:
        self.users = {1: dict.fromkeys(sockets)}


def whereabouts(node: Node, *sockets: Socket) -> list[SocketNow]:
    found = Whereabouts("n", Crowd(*sockets), node.streams, node.cycle)  # type: ignore[arg-type]
    return found.of(1)


async def test_a_live_socket_stands_where_its_node_stands() -> None:
    node = Node()
    socket, _ = node.join()
    socket.connection.acked, socket.connection.began = {STREAM: 1}, 0
    node.publish(3)
    [found] = whereabouts(node, socket)  # in the very turn in which they came
    [stream] = found.streams
    assert (stream.name, stream.epoch, stream.offset, stream.acked) == (STREAM, "e", 3, 1)
    assert (stream.node_epoch, stream.node_offset, stream.is_live) == ("e", 3, True)
    assert (found.node_id, found.user_id, found.connection_id) == ("n", 1, "c")
    assert found.types == [] and found.queued == 0
    assert [(note.kind, note.before) for note in found.notes] == [("live", 0)]
    assert found.held_seconds is found.round_trip_ms is found.unanswered_seconds is None


async def test_a_slow_reader_is_behind_with_what_waits_for_it() -> None:
    node = Node()
    socket, _ = node.join(room=100)
    node.publish(40, size=4000)
    await turned()
    [found] = whereabouts(node, socket)
    [stream] = found.streams
    assert not stream.is_live
    assert 0 < stream.offset < stream.node_offset == 40
    assert found.queued > 0
    assert found.held_seconds is not None
    socket.close(CloseCode.SLOW_CONSUMER, at_once=True)
    assert whereabouts(node, socket)[0].close_code == CloseCode.SLOW_CONSUMER


async def test_a_filter_is_named_and_its_socket_is_live_all_the_same() -> None:
    node = Node()
    socket, notebook = node.join(types=["system", "market"])
    node.publish(2, filter_type="transaction")
    await turned()
    [found] = whereabouts(node, socket)
    assert found.types == ["market", "system"]
    assert found.streams[0].offset == 2 and found.streams[0].is_live
    assert notebook.messages() == []


async def test_only_the_sockets_of_that_user_are_told() -> None:
    hub = Hub(Options())
    socket, _ = connected(hub, "one")
    socket.connection.user_id = 7
    hub.sockets.attach(socket)
    connected(hub, "nobody")
    assert [found.connection_id for found in hub.whereabouts.of(7)] == ["one"]
    assert hub.whereabouts.of(8) == []
