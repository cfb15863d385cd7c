"""Open many WebSockets at once and make them ready to be sent to."""

from __future__ import annotations

import errno
import re
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.frames import HEADER_END, Chunk
from tests.services.frames import BINARY, TEXT, frame
from tests.services.handshake import offer

STUCK_BUFFER_BYTES = 4096
READ_BYTES = 256 * 1024
# Choose the port while connecting, so that it must differ only from those to the same port.
IP_BIND_ADDRESS_NO_PORT = 24
_RETRY_AFTER = re.compile(rb"retry-after: (\d+)\r\n", re.IGNORECASE)


@dataclass(frozen=True)
class Step:
    """One step of opening a socket: the bytes to send, and the answer to wait for.

    Without `send` it only waits; with `binary` the frame is a binary one.
    """

    wait: str
    send: str | None = None
    binary: bool = False


@dataclass(frozen=True)
class Entry:
    """The address of a contender's sockets, and the steps after which one is ready.

    `paths` and `tokens` hold one for each socket, or one for all; a token goes
    into `Authorization: Bearer`. At most `window` sockets are under way at once. `sources` are
    addresses of this machine to connect from in turn: each has some 28,000 ports.
    """

    port: int
    paths: Sequence[str]
    tokens: Sequence[str] = ()
    steps: Sequence[Step] = ()
    window: int = 100
    sources: Sequence[str] = ()

    def after(self, count: int) -> Entry:
        """The same for further sockets, once `count` tokens are in use."""
        return replace(self, tokens=self.tokens[count:])


@dataclass(frozen=True, kw_only=True)
class Plan(Entry):
    """The number of sockets to open.

    The first `stuck` sockets get a small receive buffer and are not read once ready.
    """

    sockets: int
    stuck: int
    patience: float

    def request(self, number: int, more: str = "") -> bytes:
        """Write the handshake of one socket, with `more` behind its path."""
        headers = []
        if self.tokens:
            headers.append(("Authorization", f"Bearer {self.tokens[number % len(self.tokens)]}"))
        return offer(self.port, self.paths[number % len(self.paths)] + more, headers)


class Candidate:
    """One socket on its way: the step it is at, and what it has received."""

    def __init__(self, plan: Plan, number: int, more: str = "") -> None:
        self.number = number
        self.stuck = number < plan.stuck
        self.socket = socket.socket()
        if self.stuck:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STUCK_BUFFER_BYTES)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self._steps = deque(plan.steps)
        self._waits: bytes = HEADER_END
        self._unsent = plan.request(number, more)
        self._received = b""
        self._seen = 0
        self._body = 0
        if plan.sources:
            self.socket.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            self.socket.bind((plan.sources[number % len(plan.sources)], 0))
        code = self.socket.connect_ex(("127.0.0.1", plan.port))
        if code not in (0, errno.EINPROGRESS):
            raise ConnectionError(f"socket {number}: {errno.errorcode[code]}")

    @property
    def retry_after(self) -> float | None:
        """The seconds until the next try, if an answer in place of a socket names them."""
        found = _RETRY_AFTER.search(self._received)
        return float(found[1]) if found else None

    def connected(self) -> None:
        """Send the request, now that there is a connection."""
        if code := self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise ConnectionError(f"socket {self.number}: {errno.errorcode[code]}")
        self.socket.send(self._unsent)

    def read(self) -> bool:
        """Take what has come and go on; true once it is ready."""
        data = self.socket.recv(READ_BYTES)
        self._received += data
        if not data:
            raise ConnectionError(f"socket {self.number} was closed: {self._received[-300:]!r}")
        while (found := self._received.find(self._waits, self._seen)) >= 0:
            self._seen = found + len(self._waits)
            if not self._body:
                self._body = self._seen
                if b" 101 " not in self._received[:20]:
                    raise ConnectionError(f"socket {self.number}: {self._received[:300]!r}")
            if not self._steps:
                return True
            step = self._steps.popleft()
            self._waits = step.wait.encode()
            if step.send is not None:
                opcode = BINARY if step.binary else TEXT
                self.socket.send(frame(opcode, step.send.encode()))
        return False

    def greeted_with(self) -> Chunk:
        """Return all frames that it has received on the way."""
        return Chunk(self._received[self._body :])


# A socket and its number in the plan, what it has received, and whether it is never to be read.
Ready = Callable[[socket.socket, int, Chunk, bool], None]


def open_all(plan: Plan, ready: Ready, meanwhile: Callable[[], None]) -> None:
    """Hand over each socket as it gets ready, and see to those that are in between.

    Raises ConnectionError naming a socket that was refused, TimeoutError when
    they take longer than the plan allows.
    """
    poll = select.epoll()
    under_way: dict[int, Candidate] = {}
    begun = done = 0
    deadline = time.monotonic() + plan.patience
    while done < plan.sockets:
        while begun < plan.sockets and len(under_way) < plan.window:
            candidate = Candidate(plan, begun)
            under_way[candidate.socket.fileno()] = candidate
            poll.register(candidate.socket.fileno(), select.EPOLLOUT)
            begun += 1
        if time.monotonic() > deadline:
            raise TimeoutError(f"{done} of {plan.sockets} sockets ready in time")
        for number, event in poll.poll(0.05):
            candidate = under_way[number]
            if event & select.EPOLLOUT:
                candidate.connected()
                poll.modify(number, select.EPOLLIN)
            elif candidate.read():
                poll.unregister(number)
                del under_way[number]
                chunk = candidate.greeted_with()
                ready(candidate.socket, candidate.number, chunk, candidate.stuck)
                done += 1
        meanwhile()
    poll.close()
