"""The door of a node: logins wait here for their turn, or are refused before they cost much.

LOGINS_A_TURN logins at most begin in each turn of the event loop, so that what is delivered to
others never waits for more than these. A refusal is written as bytes, before the head is parsed and
long before a signature is checked. A socket that logs in or renews by a message waits here too.

uvloop accepts one connection in a turn. Those that wait for it in the kernel are accepted before
the next login, or the length of the queue would stay unseen. While there is no room in it, the door
itself accepts and refuses them, at a fraction of what a connection of the event loop costs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import re
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol
from weakref import WeakKeyDictionary

from realtime.core.admission import Admission
from realtime.core.heads import MAX_HEAD_BYTES
from realtime.meters import meters
from realtime.options import Options, options
from realtime.servers import peers

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = (1, 5)  # of a node that is shut: at random, not all at once
REASON = "This node takes no sockets now; come back."
LOOK_AGAIN_SECONDS = 0.02  # while as many logins are under way as may be
ACCEPTED_A_LOGIN = 32  # connections, while more wait in the kernel
LOGINS_A_TURN = 4
REFUSED_A_TURN = 64
TELL_EVERY_SECONDS = 10.0
_HANDSHAKE = re.compile(
    rb"GET [^\r\n]+\r\n(?:[^\r\n]+\r\n)*?upgrade:[ \t]*websocket", re.IGNORECASE
)
_END = b"\r\n\r\n"


class Handshake(Protocol):
    """A handshake or a login that waits for its turn."""

    def enter(self) -> None:
        """Begin the login: it is the turn of this one."""

    def turn_away(self) -> None:
        """Refuse the handshake: it has waited for too long."""


class _Command:
    """A login on an open socket that waits for its turn."""

    def __init__(self, done: Callable[[], None]) -> None:
        self.has_turn = asyncio.get_running_loop().create_future()
        self._done = done

    def enter(self) -> None:
        if self.has_turn.done():  # its socket has closed
            self._done()
        else:
            self.has_turn.set_result(True)

    def turn_away(self) -> None:
        if not self.has_turn.done():
            self.has_turn.set_result(False)


def _unguarded() -> str:
    """Return no reason to refuse."""
    return ""


class Door:
    """The queue of logins of one event loop, and the refusal of those that do not fit."""

    def __init__(self, chosen: Options) -> None:
        self._shut_for: Callable[[], str] = _unguarded
        self.refused = 0
        self._admission: Admission[Handshake] = Admission(
            chosen.max_logins_under_way, chosen.login_wait_seconds
        )
        self._is_turning = False
        self._listening: Sequence[socket.socket] = ()
        self._adopt: Callable[[socket.socket], object] | None = None
        self._accepted = 0  # turns of the event loop since the last login
        self._told_at, self._told = -TELL_EVERY_SECONDS, 0
        self.answer_with([])

    @property
    def under_way(self) -> int:
        """The number of logins that have had their turn and are not over yet."""
        return self._admission.under_way

    @property
    def waiting(self) -> int:
        """The number of handshakes and logins that wait for their turn."""
        return len(self._admission)

    def guard(self, shut_for: Callable[[], str]) -> None:
        """Ask `shut_for` for the reason to refuse all, such as a drain; "" lets them wait."""
        self._shut_for = shut_for

    def unguard(self) -> None:
        """Accept all again, and forget `shut_for`: the door may outlive it."""
        self._shut_for = _unguarded

    def answer_with(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Put these headers into every refusal."""
        body = f"{REASON}\n".encode()
        lines = [b"%b: %b\r\n" % pair for pair in headers]
        self._answer = (
            b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\n"
            b"content-length: %d\r\nconnection: close\r\n%b"
            b"retry-after: %%d\r\nx-request-id: %%b\r\n\r\n%b"
        ) % (len(body), b"".join(lines).replace(b"%", b"%%"), body)

    def listen(
        self, sockets: Sequence[socket.socket], adopt: Callable[[socket.socket], object] | None
    ) -> None:
        """Note the listening sockets, whose connections wait to be accepted.

        `adopt` takes one that the door has accepted and that is no handshake, as a health check's.
        Without it the door accepts none.
        """
        self._listening, self._adopt = sockets, adopt

    # -- at the door

    def has_room(self) -> bool:
        """Return True if a handshake that comes now may wait for its turn."""
        return not self._shut_for() and not self.is_overloaded

    @property
    def is_overloaded(self) -> bool:
        """Return True if the queue is as long as it may be."""
        return not self._admission.has_room(time.monotonic())

    def refuse_unaccepted(self) -> None:
        """Refuse handshakes that wait in the kernel: there is no room for them either."""
        if self._adopt is None:
            return
        for listening in self._listening:
            for _ in range(REFUSED_A_TURN):
                try:
                    connection, _ = listening.accept()
                except OSError:  # there is none
                    break
                self._refuse(connection, self._adopt)

    def _refuse(self, connection: socket.socket, adopt: Callable[[socket.socket], object]) -> None:
        try:
            data = connection.recv(MAX_HEAD_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            data = b" "  # it has not come yet
        except OSError:
            data = b""
        if data and not is_handshake(data):
            adopt(connection)
            return
        try:
            if data:
                connection.recv(len(data), socket.MSG_DONTWAIT)  # unread, it would become a reset
                connection.send(self.refusal(), socket.MSG_DONTWAIT)
        except OSError:
            pass  # it has left
        connection.close()

    def wait(self, handshake: Handshake) -> None:
        """Let a handshake wait for its turn."""
        self._admission.join(handshake, time.monotonic())
        self._turn()

    @contextlib.asynccontextmanager
    async def turn(self, patience: float | None = None) -> AsyncIterator[bool]:
        """Wait for the turn of a login that an open socket asks for by a message.

        False if it gets none in time. One that only renews says its patience: it waits for that
        long, in a line of its own.
        """
        if patience is None and self.is_overloaded:
            self._refused("overloaded")
            yield False
            return
        command = _Command(self.done)
        if patience is None:
            self._admission.join(command, time.monotonic())
        else:
            self._admission.join_renewals(command)
        self._turn()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await command.has_turn
            has_turn = not command.has_turn.cancelled() and command.has_turn.result()
            if not has_turn and patience is None:
                self._refused("overloaded")
            yield has_turn
        finally:
            if not command.has_turn.cancelled() and command.has_turn.result():
                self.done()

    def refusal(self) -> bytes:
        """Write a refusal, and count it."""
        shut_for = self._shut_for()
        self._refused(shut_for or "overloaded")
        if shut_for:
            hint = random.randint(*RETRY_AFTER_SECONDS)
        else:
            hint = self._admission.appointment(time.monotonic(), random.random())
        return self._answer % (hint, secrets.token_hex(16).encode())

    def done(self) -> None:
        """Note that a login that had its turn is over."""
        self._admission.done(time.monotonic())

    # -- turns

    def _turn(self) -> None:
        if not self._is_turning:
            self._is_turning = True
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        loop, now = asyncio.get_running_loop(), time.monotonic()
        for late in self._admission.late(now):
            late.turn_away()
        if any(map(peers.unaccepted, self._listening)):
            if not self.has_room():
                self.refuse_unaccepted()
            elif self._accepted < ACCEPTED_A_LOGIN:
                self._accepted += 1
                loop.call_soon(self._next)
                return
        self._accepted = begun = 0
        while begun < LOGINS_A_TURN and (handshake := self._admission.next(time.monotonic())):
            begun += 1
            try:
                handshake.enter()
            except Exception:  # of one client: those behind it still have their turn
                logger.exception("a handshake failed")
        if not len(self._admission):
            self._is_turning = False
        elif begun:
            loop.call_soon(self._next)
        else:
            loop.call_later(LOOK_AGAIN_SECONDS, self._next)

    def _refused(self, reason: str) -> None:
        """Count a refusal, and log many of them once."""
        self.refused += 1
        meters.connections_refused[reason] += 1
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY_SECONDS:
            count, self._told_at, self._told = self.refused - self._told, now, self.refused
            logger.warning(
                "refused %d login(s), most with 503: %d logins wait, %d are under way",
                count,
                self.waiting,
                self.under_way,
            )


def is_handshake(data: bytes | bytearray) -> bool:
    """Return True if these bytes are the whole head of a WebSocket's handshake, and nothing else.

    Any other one, such as one in two pieces, is parsed before it waits.
    """
    return (
        len(data) <= MAX_HEAD_BYTES
        and data.find(_END) == len(data) - len(_END)
        and _HANDSHAKE.match(data) is not None
    )


_doors: WeakKeyDictionary[asyncio.AbstractEventLoop, Door] = WeakKeyDictionary()


def of_this_loop() -> Door:
    """Return the door of the running event loop."""
    loop = asyncio.get_running_loop()
    door = _doors.get(loop)
    if door is None:
        door = _doors[loop] = Door(options())
    return door
