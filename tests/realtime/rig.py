"""The part of a hub that writes, and a writer that notes what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from realtime.core.continuity import StreamPosition
from realtime.core.frames import Frame
from realtime.core.state import ConnectionState
from realtime.hub.rooms import JoinedRooms
from realtime.hub.socket import Socket
from realtime.hub.streams import FollowedStreams
from realtime.hub.writes import MAX_REST_SECONDS, WriteCycle
from realtime.log import StoredEvent
from realtime.options import Options
from realtime.protocol.codes import CloseCode

STREAM = "announcements"


class Notebook:
    """A writer whose client takes nothing once `room` bytes were written."""

    needs_pings = False
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

    def resume_reading(self) -> None: ...

    def close(self, code: CloseCode) -> None:
        self.closed = code

    def abort(self) -> None:
        self.aborted = True

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
        self.cycle: WriteCycle[Socket] = WriteCycle(asyncio.get_running_loop())
        self.delivered: list[tuple[int, int]] = []
        self.streams = FollowedStreams(
            self.cycle, lambda entry, sockets: self.delivered.append((entry.offset, sockets)), print
        )
        self.rooms = JoinedRooms(self.cycle, self._nothing)
        self.offset = 0

    async def _nothing(self, topic: str) -> None: ...

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
            text = f'{{"offset":{self.offset},"pad":"{"x" * size}"}}'
            self.streams.receive([StoredEvent(STREAM, "e", self.offset, "n", filter_type, text)])


async def turned() -> None:
    """Let the loop turn until what was scheduled has left, after a rest if one is due."""
    for pause in (0, 0, MAX_REST_SECONDS, 0, 0):
        await asyncio.sleep(pause)


def offsets(notebook: Notebook) -> list[int]:
    """List the offsets that were written, in order."""
    return [m["offset"] for m in notebook.messages() if "offset" in m]
