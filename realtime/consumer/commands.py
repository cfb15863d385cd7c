"""Runs the commands of one socket, one after the other: the one interpreter of effects.

The server tells it what arrives, `realtime.core.state` says what it means.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, assert_never

from realtime import log_context, rooms
from realtime.consumer import ending, login
from realtime.core.effects import Close, Effect, Fail, Filter, Leave
from realtime.core.limits import utf8_size
from realtime.core.text import some_of
from realtime.db import threads
from realtime.hub.hub import Hub
from realtime.hub.socket import Socket
from realtime.meters import meters
from realtime.protocol.answers import (
    Pong,
    PresenceUpdated,
    RoomInfo,
    RoomLeft,
    Rooms,
    SubscriptionUpdated,
)
from realtime.protocol.codes import ErrorCode
from realtime.protocol.commands import Ack, Authenticate, JoinRoom, ListRooms, Ping, Presence

logger = logging.getLogger(__name__)

# Called by the task that waits for it: a task may be cancelled before it begins.
Work = Callable[[], Coroutine[Any, Any, None]]


class CommandRunner:
    """The Listener of a socket.

    A command is carried out where it arrives. Only one that must wait, for example for the
    database, takes a task, and those behind it wait in order.
    """

    __slots__ = ("_hub", "_inbox", "_socket", "_working", "busy")

    def __init__(self, hub: Hub, socket: Socket) -> None:
        self._hub = hub
        self._socket = socket
        self._inbox: deque[str | None] | None = None
        self._working: asyncio.Task[None] | None = None
        self.busy = True  # until the login, which the consumer does

    # -- what the server tells

    def put_nowait(self, event: dict[str, Any]) -> None:
        """Take an ASGI event."""
        if event["type"] == "websocket.disconnect":
            self.end(int(event.get("code") or 1005), event.get("by"))
        elif event["type"] == "websocket.receive":
            if self.busy:
                if self._inbox is None:
                    self._inbox = deque()
                self._inbox.append(event.get("text"))
            else:
                self._take(event.get("text"))

    def held(self) -> None:
        """Stop writing to a client that reads too slowly."""
        self._socket.held()

    def resumed(self) -> None:
        """Write to the client again."""
        self._socket.resumed()

    def server_stops(self) -> None:
        """Send the client away with a hint when to come back."""
        self._hub.sockets.send_away(self._socket)

    def end(self, code: int, by: str | None = None) -> None:
        """Forget the socket, for any reason. Idempotent.

        `by` is the side that ended it, if the server knows: `client`, `server` or `network`.
        """
        if self._socket not in self._hub.sockets:
            return
        self._hub.departures.add(self._socket, ending.code_of(self._socket, code))
        self._hub.detach(self._socket)
        ending.tell(self._socket, code, by)

    # -- commands

    def go_on(self) -> None:
        """Handle what waited while something took its time, and read on."""
        self.busy = False
        while self._inbox and not self.busy:
            self._take(self._inbox.popleft())
        if not self.busy:
            self._inbox = self._working = None
            self._socket.writer.resume_reading()

    async def settled(self) -> None:
        """Wait until what was said so far is done."""
        while self.busy and self._working is not None:
            await asyncio.wait([self._working])

    def _take(self, text: str | None) -> None:
        socket = self._socket
        if socket.close_code is not None or not socket.is_open:
            return
        size = 0 if text is None else utf8_size(text)
        socket.messages_in += 1
        socket.bytes_in += size
        meters.bytes_received += size
        for effect in socket.connection.receive(text, time.monotonic()):
            work = self._carry_out(effect)
            if work is not None:
                self.busy = True
                self._working = socket.spawn(self._later(effect, work))
                return

    async def _later(self, effect: Effect, work: Work) -> None:
        """Do what takes time, the last effect of its message, and go on reading."""
        log_context.connection_id.set(self._socket.connection.id)
        try:
            await work()
        except Exception:
            self._failed(effect)
        self.go_on()

    def _carry_out(self, effect: Effect) -> Work | None:
        """Do what an effect asks for; return the work that it must wait for, if any."""
        try:
            return self._interpret(effect)
        except Exception:
            self._failed(effect)
            return None

    def _interpret(self, effect: Effect) -> Work | None:
        hub, socket = self._hub, self._socket
        match effect:
            case Filter(types, request_id):
                hub.streams.filter(socket, types)
                socket.reply(SubscriptionUpdated(types=sorted(types)), request_id)
            case Fail(code, text, request_id, about):
                socket.fail(code, text, request_id, about)
            case Ping():
                hub.cycle.fan_out_now()  # which may leave this socket behind the node
                socket.reply(Pong(positions=socket.connection.positions()), effect.id)
            case Leave(room, request_id):
                hub.rooms.leave(socket, room)
                socket.reply(RoomLeft(room=room), request_id, room)
            case Ack():
                hub.streams.measure_ack(effect.stream, effect.offset)
                hub.acks.put(socket, effect.stream, effect.offset, effect.id)
            case Presence():
                hub.sockets.be_active(socket, effect.state == "active")
                socket.reply(PresenceUpdated(state=effect.state), effect.id)
            case Close(code):
                socket.close(code)
            case JoinRoom():
                return partial(self._join, effect)
            case ListRooms():
                return partial(self._list_rooms, effect.id)
            case Authenticate():
                return partial(login.authenticate, hub, socket, effect.token, effect.id)
            case _:
                assert_never(effect)
        return None

    def _failed(self, effect: Effect, about: Sequence[str] = ()) -> None:
        name = type(effect).__name__  # not the effect itself, which may hold a token
        key = self._socket.connection.id
        logger.exception("connection %s: %s failed", key, name, extra={"connection_id": key})
        self._socket.fail(
            ErrorCode.INTERNAL,
            "Something went wrong here; try again.",
            getattr(effect, "id", None),
            about or getattr(effect, "names", ()),
        )

    async def _list_rooms(self, request_id: str | None) -> None:
        """List what this user may join, and what this connection has joined."""
        connection = self._socket.connection
        user_id = connection.user_id
        assert user_id is not None
        found = await threads.run(
            lambda: [
                (name, kind.name, description)
                for kind in rooms.kinds()
                for name, description in kind.rooms(user_id)
            ]
        )
        listed = [
            RoomInfo(name=name, kind=kind, description=text, joined=name in connection.rooms)
            for name, kind, text in found
        ]
        self._socket.reply(Rooms(rooms=listed, joined=sorted(connection.rooms)), request_id)

    async def _join(self, join: JoinRoom) -> None:
        hub, socket = self._hub, self._socket
        user_id = socket.connection.user_id
        assert user_id is not None
        before = hub.streams.positions(socket)
        allowed = await hub.rooms.allowed(user_id, join.names)
        for room in join.names:
            if room not in allowed:
                continue
            refused = socket.connection.may_enter(room, join.id)
            if refused is not None:
                self._carry_out(refused)
                continue
            try:
                await hub.rooms.join(socket, room, join.rate, join.id)
            except Exception:
                self._failed(join, (room,))
            if hub.streams.positions(socket) != before:
                # A change of rights may have come after the rights were read.
                hub.recheck.recheck_soon([user_id])
        if unknown := tuple(room for room in join.names if room not in allowed):
            what = "is no room" if len(unknown) == 1 else "are no rooms"
            socket.fail(
                ErrorCode.UNKNOWN_ROOM,
                f"There {what} {some_of(unknown)} that you may join; "
                "`list_rooms` names those that there are.",
                join.id,
                unknown,
            )
