"""Which messages leave together, in which order, and when."""

from __future__ import annotations

import pytest

from hoardrun.market.messages import MarketUpdate
from realtime import rooms
from realtime.hub.rooms import JoinedRoom
from realtime.hub.socket import Socket
from realtime.hub.writes import MAX_PIECE_BYTES
from realtime.protocol.answers import Pong
from realtime.protocol.codes import CloseCode
from realtime.publish import Ephemeral, payload_from
from tests.realtime.rig import Node, Notebook, offsets, turned
from tests.services.ports import until


@pytest.fixture
async def node() -> Node:
    return Node()


async def test_a_lone_message_leaves_in_the_turn_in_which_it_came(node: Node) -> None:
    _, notebook = node.join()
    node.publish()
    assert notebook.writes == []
    await turned()
    assert offsets(notebook) == [1]


async def test_the_events_of_a_turn_leave_in_one_write(node: Node) -> None:
    _, notebook = node.join()
    node.publish(20)
    await turned()
    assert offsets(notebook) == list(range(1, 21))
    assert len(notebook.writes) == 1
    assert node.delivered == [(offset, 1) for offset in range(1, 21)]


async def test_an_answer_leaves_after_events_that_came_before_it(node: Node) -> None:
    socket, notebook = node.join()
    node.publish(2)
    socket.reply(Pong(positions=socket.connection.positions()))
    node.publish()
    await turned()
    kinds = [m.get("type", m.get("offset")) for m in notebook.messages()]
    assert kinds == [1, 2, "pong", 3]


async def test_a_socket_that_goes_live_in_a_turn_gets_only_later_events(node: Node) -> None:
    _, early = node.join()
    node.publish(2)
    _, late = node.join()
    node.publish()
    await turned()
    assert offsets(early) == [1, 2, 3]
    assert offsets(late) == [3]


async def test_a_filter_holds_for_its_own_socket_only(node: Node) -> None:
    _, everything = node.join()
    socket, filtered = node.join(types=["balance"])
    node.publish(filter_type="balance")
    node.publish(filter_type="transaction")
    node.publish(filter_type="")  # messages that always arrive
    await turned()
    assert offsets(everything) == [1, 2, 3]
    assert offsets(filtered) == [1, 3]
    node.streams.filter(socket, frozenset())
    node.publish(filter_type="transaction")
    await turned()
    assert offsets(filtered) == [1, 3, 4]


async def test_events_before_a_change_of_filter_are_filtered_by_the_old_one(node: Node) -> None:
    for before, after in (["system"], ["balance"]), (["system"], []), ([], ["balance"]):
        socket, notebook = node.join(types=before)
        first = node.offset + 1
        node.publish(filter_type="system")
        node.publish(filter_type="transaction")
        node.streams.filter(socket, frozenset(after))
        node.publish(filter_type="balance")
        node.publish(filter_type="system")
        await turned()
        wanted = [first] if before else [first, first + 1]
        wanted += [first + 2] if after else [first + 2, first + 3]
        assert offsets(notebook) == wanted


async def test_a_large_burst_leaves_in_pieces_and_a_full_socket_queues_little(node: Node) -> None:
    _, quick = node.join()
    slow, stuck = node.join(room=1)
    node.publish(400, size=1000)
    await turned()
    assert offsets(quick) == list(range(1, 401))
    assert max(map(len, quick.writes)) < MAX_PIECE_BYTES + 2000
    written = sum(map(len, stuck.writes))
    assert written + slow.size < 128 * 1024
    assert offsets(stuck) == list(range(1, len(offsets(stuck)) + 1))
    slow.gone()


async def test_the_queue_of_a_held_socket_leaves_when_it_drains(node: Node) -> None:
    _, notebook = node.join(room=1)
    node.publish()
    await turned()
    node.publish(3)
    await turned()
    assert offsets(notebook) == [1]
    notebook.drain()
    assert offsets(notebook) == [1, 2, 3, 4]


async def test_a_broken_socket_takes_no_event_from_others(node: Node) -> None:
    (_, first), (_, broken), (_, last) = (node.join() for _ in range(3))
    broken.broken = True
    node.publish(2)
    await turned()
    assert offsets(first) == offsets(last) == [1, 2]
    assert broken.aborted
    assert not first.aborted


async def test_an_answer_that_cannot_be_written_delays_no_other(node: Node) -> None:
    (breaking, broken), (other, notebook) = node.join(), node.join()
    broken.broken = True
    breaking.reply(Pong(positions={}))
    other.reply(Pong(positions={}))
    await turned()
    assert broken.aborted
    node.publish()
    await turned()
    assert [m.get("type", m.get("offset")) for m in notebook.messages()] == ["pong", 1]


async def test_a_failed_write_of_events_closes_the_sockets_that_follow(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, live = node.join()
    socket, filtered = node.join(types=["system"])

    def fail(frame: object) -> bool:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(type(socket), "offer", fail)
        node.publish()
        await turned()
    assert live.closed == filtered.closed == CloseCode.RESTART
    _, later = node.join()
    node.publish()
    await turned()
    assert offsets(later) == [2]  # the node goes on
    assert offsets(live) == [1]


def market(node: Node) -> JoinedRoom:
    """Open the room `market_data`, without the query for its snapshot."""
    kind = rooms.kind_of("market_data")
    assert kind is not None
    members = node.rooms.joined["market_data"] = JoinedRoom("market_data", kind)
    return members


def enter(node: Node, members: JoinedRoom, rate: str, room: int = 1 << 30) -> Notebook:
    socket, notebook = node.join(room)
    members.by_rate[rate].add(socket)
    return notebook


def tick(node: Node, price: int) -> None:
    payload = payload_from(
        MarketUpdate, {"symbol": "BTC-USD", "price": str(price), "timestamp": None}
    )
    node.rooms.deliver("market", [Ephemeral(("market_data",), "BTC-USD", payload)])


def prices(notebook: Notebook) -> list[int]:
    return [int(m["data"]["price"]) for m in notebook.messages()]


async def test_all_values_of_a_turn_leave_and_a_held_socket_gets_the_newest(node: Node) -> None:
    members = market(node)
    quick, slow = (enter(node, members, "realtime", room) for room in (1 << 30, 1))
    for price in (1, 2):
        tick(node, price)
    await turned()
    for price in (3, 4, 5):
        tick(node, price)
    await until(lambda: len(quick.messages()) == 5)  # a turn is followed by a rest
    assert prices(quick) == [1, 2, 3, 4, 5]
    assert prices(slow) == [1, 2]
    slow.drain()
    assert prices(slow) == [1, 2, 5]


async def test_a_slower_rate_never_sends_an_outdated_value(node: Node) -> None:
    members = market(node)
    enter(node, members, "realtime")
    leaving = enter(node, members, "1s")
    assert leaving.socket is not None
    tick(node, 1)
    node.rooms.leave(leaving.socket, "market_data")
    tick(node, 2)
    later = enter(node, members, "1s")  # with 2 as its snapshot
    node.rooms.flush("1s")
    await turned()
    assert prices(later) == []
    tick(node, 3)
    node.rooms.flush("1s")
    await until(lambda: later.writes)
    assert prices(later) == [3]


async def test_a_room_is_written_to_only_for_sockets_that_want_each_value(node: Node) -> None:
    members = market(node)
    slow = enter(node, members, "1s")
    for price in (1, 2):
        tick(node, price)
    await turned()
    assert members.messages == 0
    quick = enter(node, members, "realtime")
    tick(node, 3)
    await until(lambda: quick.writes)
    assert prices(quick) == [3]
    assert members.messages == 1
    node.rooms.flush("1s")
    await until(lambda: slow.writes)
    assert prices(slow) == [3]


async def test_values_that_failed_to_be_written_are_sent_again(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = market(node)
    first, second = (enter(node, members, "realtime") for _ in range(2))

    def fail(*_: object) -> list[Socket]:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(node.cycle, "write_all", fail)
        for price in (1, 2):
            tick(node, price)
        await turned()
    await turned()
    assert prices(first) == prices(second) == [2]


async def test_a_socket_that_is_gone_is_not_held(node: Node) -> None:
    socket, _ = node.join()
    socket.gone()
    socket.held()  # the writer hears of its transport later than the hub
    assert node.cycle.held == {}
