"""What leaves together, in which order, and when; for a writer that notes what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from realtime import rooms
from realtime.core.connection import Connection, Place
from realtime.core.frames import Frame
from realtime.following import Following
from realtime.log import Entry
from realtime.members import Members, RoomMembers
from realtime.options import Options
from realtime.protocol.codes import CloseCode
from realtime.protocol.messages import MarketUpdate, Pong
from realtime.publish import Ephemeral, payload_from
from realtime.socket import Socket
from realtime.turn import MAX_PIECE_BYTES, Turn

STREAM = "announcements"


class Notebook:
    """A writer whose client takes nothing once `room` bytes were written."""

    needs_pings = False
    heard = True
    deflates = False

    def __init__(self, room: int = 1 << 30) -> None:
        self.paused = False
        self.writes: list[bytes] = []
        self.room = room
        self.socket: Socket | None = None
        self.pipe: Callable[[bytes], None] | None = self._take

    def write(self, frames: Sequence[Frame]) -> None:
        self._take(b"".join(frame.wire for frame in frames))

    def _take(self, data: bytes) -> None:
        assert not self.paused
        self.writes.append(data)
        self.room -= len(data)
        if self.room <= 0:
            self.paused = True
            assert self.socket is not None
            self.socket.held()

    def drain(self) -> None:
        self.room, self.paused = 1 << 30, False
        assert self.socket is not None
        self.socket.resumed()

    def buffered(self) -> int:
        return 0

    def ping(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self, code: CloseCode) -> None: ...

    def abort(self) -> None: ...

    def messages(self) -> list[dict[str, Any]]:
        """Decode what was written; every payload here is shorter than 64 KiB."""
        data, found = b"".join(self.writes), []
        while data:
            size, start = data[1], 2
            if size == 126:
                size, start = int.from_bytes(data[2:4], "big"), 4
            found.append(msgspec.json.decode(data[start : start + size]))
            data = data[start + size :]
        return found


class Node:
    """The part of a hub that writes: one stream, at offset 0, and whoever follows it."""

    def __init__(self) -> None:
        self.turn = Turn(asyncio.get_running_loop())
        self.delivered: list[tuple[int, int]] = []
        self.following = Following(
            self.turn, lambda entry, sockets: self.delivered.append((entry.offset, sockets)), print
        )
        self.members = RoomMembers(self.turn, self._nothing)
        self.offset = 0

    async def _nothing(self, topic: str) -> None: ...

    def join(self, room: int = 1 << 30, types: Sequence[str] = ()) -> tuple[Socket, Notebook]:
        notebook = Notebook(room)
        connection = Connection("c", Options().limits)
        connection.user_id = 1
        connection.subscriptions = frozenset(types)
        socket = notebook.socket = Socket(connection, notebook, self.turn, 128 * 1024)
        socket.pipe = notebook.pipe
        followed = self.following.add(STREAM, socket)
        if not followed.known:
            followed.place = Place("e", self.offset)
        socket.connection.places[STREAM] = Place("e", self.offset)
        self.following.begin(socket, followed)
        return socket, notebook

    def publish(self, count: int = 1, *, size: int = 10, topic: str = "system") -> None:
        for _ in range(count):
            self.offset += 1
            text = f'{{"offset":{self.offset},"pad":"{"x" * size}"}}'
            self.following.hear([Entry(STREAM, "e", self.offset, "n", topic, text)])


@pytest.fixture
async def node() -> Node:
    return Node()


async def turned() -> None:
    """Let the loop turn until what was scheduled has left."""
    for _ in range(4):
        await asyncio.sleep(0)


def offsets(notebook: Notebook) -> list[int]:
    return [m["offset"] for m in notebook.messages() if "offset" in m]


async def test_a_lone_message_leaves_in_the_turn_in_which_it_came(node: Node) -> None:
    _, notebook = node.join()
    node.publish()
    assert notebook.writes == []
    await turned()
    assert offsets(notebook) == [1]


async def test_what_a_turn_brings_leaves_in_one_write(node: Node) -> None:
    _, notebook = node.join()
    node.publish(20)
    await turned()
    assert offsets(notebook) == list(range(1, 21))
    assert len(notebook.writes) == 1
    assert node.delivered == [(offset, 1) for offset in range(1, 21)]


async def test_an_answer_is_not_ahead_of_events_that_were_heard_before_it(node: Node) -> None:
    socket, notebook = node.join()
    node.publish(2)
    socket.reply(Pong(positions={STREAM: node.offset}))
    node.publish()
    await turned()
    kinds = [m.get("type", m.get("offset")) for m in notebook.messages()]
    assert kinds == [1, 2, "pong", 3]


async def test_who_goes_live_in_a_turn_gets_only_what_comes_after(node: Node) -> None:
    _, early = node.join()
    node.publish(2)
    _, late = node.join()
    node.publish()
    await turned()
    assert offsets(early) == [1, 2, 3]
    assert offsets(late) == [3]


async def test_who_has_set_a_filter_gets_what_it_asks_for_and_the_others_everything(
    node: Node,
) -> None:
    _, everything = node.join()
    socket, filtered = node.join(types=["balance"])
    node.publish(topic="balance")
    node.publish(topic="transaction")
    node.publish(topic="")  # what always arrives
    await turned()
    assert offsets(everything) == [1, 2, 3]
    assert offsets(filtered) == [1, 3]
    socket.connection.subscriptions = frozenset()
    node.following.sort(socket)
    node.publish(topic="transaction")
    await turned()
    assert offsets(filtered) == [1, 3, 4]


async def test_a_large_burst_leaves_in_pieces_so_that_who_is_full_is_kept_little_for(
    node: Node,
) -> None:
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


async def test_what_a_held_socket_waits_for_leaves_once_it_drains(node: Node) -> None:
    _, notebook = node.join(room=1)
    node.publish()
    await turned()
    node.publish(3)
    await turned()
    assert offsets(notebook) == [1]
    notebook.drain()
    assert offsets(notebook) == [1, 2, 3, 4]


async def test_market_values_of_a_turn_all_leave_and_a_held_socket_gets_the_newest(
    node: Node,
) -> None:
    kind = rooms.kind_of("market_data")
    assert kind is not None
    members = node.members.rooms["market_data"] = Members("market_data", kind)
    notebooks = []
    for room in (1 << 30, 1):
        socket, notebook = node.join(room)
        members.by_rate["realtime"].add(socket)
        notebooks.append(notebook)
    quick, slow = notebooks

    def tick(price: int) -> None:
        payload = payload_from(
            MarketUpdate, {"symbol": "BTC-USD", "price": str(price), "timestamp": None}
        )
        node.members.deliver(kind.topic, [Ephemeral(("market_data",), "BTC-USD", payload)])

    def prices(notebook: Notebook) -> list[int]:
        return [int(m["data"]["price"]) for m in notebook.messages()]

    for price in (1, 2):
        tick(price)
    await turned()
    for price in (3, 4, 5):
        tick(price)
    async with asyncio.timeout(5):
        while len(quick.messages()) < 5:
            await asyncio.sleep(0.001)  # a turn is followed by a rest
    assert prices(quick) == [1, 2, 3, 4, 5]
    assert prices(slow) == [1, 2]
    slow.drain()
    assert prices(slow) == [1, 2, 5]
