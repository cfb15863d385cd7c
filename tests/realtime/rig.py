"""Parts of a hub in this process, and a writer that notes what it is given."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import create_autospec

import msgspec
from asgiref.sync import sync_to_async

from realtime.cluster.reporter import ClusterReporter
from realtime.core.continuity import StreamPosition
from realtime.core.frames import Frame
from realtime.core.state import ConnectionState
from realtime.core.transport import Listener
from realtime.hub.followed import FollowedStream
from realtime.hub.hub import Hub
from realtime.hub.replay import ReplayBudgets
from realtime.hub.rooms import JoinedRooms
from realtime.hub.socket import NOBODY, Peer, Socket
from realtime.hub.streams import FollowedStreams
from realtime.hub.writes import MAX_REST_SECONDS, WriteCycle
from realtime.layer.receive import LayerReceiver
from realtime.log import StoredEvent
from realtime.options import Options
from realtime.protocol.codes import CloseCode
from tests.services.frames import split
from tests.stored import append

STREAM = "announcements"


class Notebook:
    """A writer whose client takes nothing once `room` bytes were written."""

    needs_pings = False
    has_left = False
    heard = True
    deflates = False

    def __init__(self, room: int = 1 << 30) -> None:
        self.paused = False
        self.broken = False
        self.closed: CloseCode | None = None
        self.aborted = False
        self.writes: list[bytes] = []
        self.room = room
        self.socket: Socket | None = None
        self.pipe: Callable[[bytes], None] | None = self._take

    def take_over(self, listener: Listener) -> None: ...

    def write(self, frames: Sequence[Frame]) -> None:
        self._take(b"".join(frame.wire for frame in frames))

    def _take(self, data: bytes) -> None:
        assert not self.paused
        if self.broken:
            raise OSError("the transport is gone")
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

    def ping(self) -> None: ...

    def last_ping(self) -> tuple[float | None, float | None]:
        return None, None

    def resume_reading(self) -> None: ...

    def close(self, code: CloseCode) -> None:
        self.closed = code

    def abort(self) -> None:
        self.aborted = True

    def messages(self) -> list[dict[str, Any]]:
        """Decode what was written."""
        return [msgspec.json.decode(text) for _, text in split(b"".join(self.writes))]


class Held:
    """A function of a database thread that waits until it may go on."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._called, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self, *given: Any) -> Any:
        self._called.set()
        self.may_go_on.wait(60)
        return self._function(*given)

    async def called(self) -> None:
        """Wait until it was called."""
        assert await asyncio.to_thread(self._called.wait, 10)


def connected(hub: Hub, name: str = "c", peer: Peer = NOBODY) -> tuple[Socket, Notebook]:
    """Connect a socket that has not logged in to a hub."""
    notebook = Notebook()
    state = ConnectionState(name, hub.options.limits)
    socket = notebook.socket = Socket(state, notebook, hub.cycle, 128 * 1024, peer)
    hub.sockets.admit(socket)
    return socket, notebook


class Member:
    """A node of the cluster: its hub, and what reports of it."""

    def __init__(self, most: int = 1) -> None:
        self.hub = Hub(Options(max_connections_per_user=most))
        self.reporter = ClusterReporter(self.hub)
        self.report = self.reporter.report

    def attach(
        self, user_id: int, *, seconds_ago: int = 0, device: str = "", device_class: str = ""
    ) -> Socket:
        """Connect a user to the node."""
        socket, _ = connected(self.hub, secrets.token_hex(8), Peer("192.0.2.1", "test"))
        socket.connection.user_id = user_id
        socket.connection.device, socket.connection.device_class = device, device_class
        socket.opened_at -= seconds_ago
        self.hub.sockets.attach(socket)
        return socket


async def logged(*texts: str | int) -> list[StoredEvent]:
    """Log an update of a balance for each text, on the stream."""
    return await sync_to_async(append)(STREAM, *texts)


def event(offset: int, size: int, filter_type: str) -> StoredEvent:
    """Make an event of the stream, of a payload that says its offset."""
    text = f'{{"offset":{offset},"pad":"{"x" * size}"}}'
    return StoredEvent(STREAM, "e", offset, "n", filter_type, text)


class Node:
    """The part of a hub that writes: one stream, at offset 0, and the sockets that follow it."""

    def __init__(self) -> None:
        self.cycle: WriteCycle[Socket] = WriteCycle(asyncio.get_running_loop())
        self.delivered: list[tuple[int, int]] = []
        self.lost: list[tuple[str, int, int]] = []
        self.crowd: list[None] = []  # as many sockets as the node has elsewhere
        receiver = create_autospec(LayerReceiver, instance=True)
        self.streams = FollowedStreams(
            self.cycle,
            asyncio.ensure_future,
            receiver,
            lambda entry, sockets: self.delivered.append((entry.offset, sockets)),
            print,
            print,
            lambda *lost: self.lost.append(lost),
            ReplayBudgets(1e9, 1e9),
            page_bytes=64 * 1024,
            crowd=self.crowd,
        )
        self.rooms = JoinedRooms(self.cycle, asyncio.ensure_future, receiver)
        self.offset = 0

    def join(self, room: int = 1 << 30, types: Sequence[str] = ()) -> tuple[Socket, Notebook]:
        notebook = Notebook(room)
        connection = ConnectionState("c", Options().limits)
        connection.user_id = 1
        connection.subscriptions = frozenset(types)
        socket = notebook.socket = Socket(connection, notebook, self.cycle, 128 * 1024)
        socket.pipe = notebook.pipe
        followed = self.streams.add(STREAM, socket)
        if not followed.known:
            followed.place = StreamPosition("e", self.offset)
        socket.connection.places[STREAM] = StreamPosition("e", self.offset)
        self.streams.begin(socket, followed)
        return socket, notebook

    def publish(self, count: int = 1, *, size: int = 10, filter_type: str = "system") -> None:
        for _ in range(count):
            self.offset += 1
            self.streams.receive([event(self.offset, size, filter_type)])


def behind(
    node: Node,
    at: StreamPosition,
    *,
    head: StreamPosition | None = None,
    user_id: int = 1,
    peer: Peer = NOBODY,
) -> tuple[Socket, Notebook, FollowedStream]:
    """Let a socket in that has everything up to `at`, on a node that knows of `head`."""
    socket, notebook = node.join()
    socket.connection.user_id, socket.peer = user_id, peer
    followed = node.streams.add(STREAM, socket)
    followed.place = head or followed.place
    socket.connection.places[STREAM] = at
    node.streams.begin(socket, followed)
    return socket, notebook, followed


async def turned() -> None:
    """Let the loop turn until all scheduled writes are done, after a rest if one is due."""
    for pause in (0, 0, MAX_REST_SECONDS, 0, 0):
        await asyncio.sleep(pause)


def offsets(notebook: Notebook) -> list[int]:
    """List the offsets that were written, in order."""
    return [m["offset"] for m in notebook.messages() if "offset" in m]
