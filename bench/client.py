"""The process that holds the sockets: thousands of them, read on raw bytes.

Told by `bench.load`, one JSON object a line. Commands:

- `open`    connect, upgrade and make ready; `stuck` of them are never read again
- `begin`   forget what came so far: the next message is number 0
- `finish`  wait until every socket has `count` messages, one number for all or a list
            with one for each in the order of the plan, or none has come for
            PATIENCE_SECONDS; report what came, what did not, and the latencies
- `arrivals`  the number and the moment, in nanoseconds, of every message that came
- `between`  how many messages came between two moments, in nanoseconds
- `texts`   how many messages have come since `begin`, with a number or without
- `close`   close everything
"""

from __future__ import annotations

import os
import select
import socket
import time
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

from bench.checker import Receipt
from bench.frames import Chunk
from bench.opening import Plan, Step, open_all
from bench.results import quantile
from tests.services.driven import serve
from tests.services.frames import PONG, frame

READ_BYTES = 64 * 1024
EVENTS = 2048
PATIENCE_SECONDS = 10
MAX_CHUNKS = 20_000  # remembered by their bytes; sockets of one broadcast receive the same
COMMANDS = 0  # standard input


class Connection:
    """One socket that is ready: the frame that is not whole yet, and what it received.

    That begins with what came with the greeting. `number` is its place in the plan.
    """

    __slots__ = ("number", "receipt", "socket", "tail")

    def __init__(self, ready: socket.socket, number: int, chunk: Chunk) -> None:
        self.socket = ready
        self.number = number
        self.tail = chunk.tail
        self.receipt = Receipt()
        self.receipt.take(chunk.numbers)


class Client:
    """All sockets, one epoll, and the commands."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._all: list[Connection] = []
        self._connections: dict[int, Connection] = {}  # by file descriptor, those still open
        self._stuck: list[socket.socket] = []
        self._chunks: dict[bytes, Chunk] = {}
        self._kept: list[Chunk] = []
        self._bytes = self._texts = 0
        self._last = time.monotonic()
        self._broken: list[str] = []
        self._cpu = time.process_time()
        self._told = False
        self._epoll.register(COMMANDS, select.EPOLLIN | select.EPOLLONESHOT)

    def open(self, *, steps: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
        """Connect as `opening.Plan` says; answers with how long it took."""
        began = time.monotonic()
        plan = Plan(steps=[Step(**step) for step in steps], **options)
        open_all(plan, self._keep, lambda: self.turn(0))
        return {"seconds": time.monotonic() - began}

    def _keep(self, ready: socket.socket, number: int, chunk: Chunk, stuck: bool) -> None:
        if stuck:
            self._stuck.append(ready)
            return
        connection = self._connections[ready.fileno()] = Connection(ready, number, chunk)
        self._all.append(connection)
        self._epoll.register(ready.fileno(), select.EPOLLIN)

    def begin(self) -> dict[str, Any]:
        self._chunks.clear()
        self._kept.clear()
        self._bytes = self._texts = 0
        for connection in self._all:
            connection.receipt = Receipt()
        self._cpu = time.process_time()
        return {}

    def finish(self, *, count: int | list[int], settle: float) -> dict[str, Any]:
        wanted = [count if isinstance(count, int) else count[c.number] for c in self._all]
        self._last = time.monotonic()
        while not self._complete(wanted) and time.monotonic() < self._last + PATIENCE_SECONDS:
            self.turn(0.02)
        until = time.monotonic() + settle  # duplicates may come late
        while time.monotonic() < until:
            self.turn(0.02)
        cpu = time.process_time() - self._cpu
        receipts = [(c.receipt, due) for c, due in zip(self._all, wanted, strict=True)]
        return {
            **self._latencies(),
            "bytes": self._bytes,
            "cpu": cpu,
            "missing": sum(receipt.lacking(due) for receipt, due in receipts),
            "doubled": sum(receipt.doubled for receipt, _ in receipts),
            "reordered": sum(receipt.reordered for receipt, _ in receipts),
            "surplus": sum(receipt.surplus(due) for receipt, due in receipts),
            "broken": len(self._broken),
            "why": self._broken[:3],
        }

    def arrivals(self) -> dict[str, Any]:
        found = [
            (number, received)
            for chunk in self._kept
            for number in chunk.numbers
            for received in chunk.received
        ]
        return {"arrivals": found}

    def between(self, *, since: int, until: int) -> dict[str, Any]:
        found = sum(
            len(chunk.numbers) * sum(since <= moment < until for moment in chunk.received)
            for chunk in self._kept
        )
        return {"deliveries": found}

    def texts(self) -> dict[str, Any]:
        return {"texts": self._texts}

    def close(self) -> dict[str, Any]:
        for connection in self._connections.values():
            connection.socket.close()
        for stuck in self._stuck:
            stuck.close()
        self._connections.clear()
        self._all.clear()
        self._stuck.clear()
        self._broken.clear()
        return {}

    def turn(self, seconds: float) -> None:
        """Read all that can be read, once; wait at most `seconds` for the first bytes.

        Sets `_told` when a command waits; it is for the caller to read.
        """
        connections, chunks = self._connections, self._chunks
        clock = time.monotonic_ns
        for number, _ in self._epoll.poll(seconds, EVENTS):
            if number == COMMANDS:
                self._told = True
                continue
            connection = connections[number]
            try:
                data = connection.socket.recv(READ_BYTES)
            except OSError as error:
                self._drop(number, repr(error))
                continue
            now = clock()
            if not data:
                self._drop(number, "closed by the server")
                continue
            self._bytes += len(data)
            if connection.tail:
                data = connection.tail + data
            chunk = chunks.get(data)
            if chunk is None:
                chunk = self._parse(data)
            connection.tail = chunk.tail
            self._texts += chunk.texts
            numbers = chunk.numbers
            if numbers:
                chunk.received.append(now)
                receipt = connection.receipt
                if chunk.follows and numbers[0] == receipt.next:
                    receipt.next += len(numbers)
                else:
                    receipt.take(numbers)
                self._last = now / 1e9
            if chunk.pings or chunk.closed is not None:
                self._answer(number, connection, chunk)

    def _parse(self, data: bytes) -> Chunk:
        if len(self._chunks) >= MAX_CHUNKS:
            self._chunks.clear()
        chunk = self._chunks[data] = Chunk(data)
        if chunk.numbers:
            self._kept.append(chunk)
        return chunk

    def _answer(self, number: int, connection: Connection, chunk: Chunk) -> None:
        try:
            for ping in chunk.pings:
                connection.socket.send(frame(PONG, ping))
        except OSError as error:
            self._drop(number, repr(error))
            return
        if chunk.closed is not None:
            self._drop(number, f"close frame {int.from_bytes(chunk.closed[:2], 'big')}")

    def _drop(self, number: int, why: str) -> None:
        self._epoll.unregister(number)
        self._broken.append(why)
        self._connections.pop(number).socket.close()  # its receipt counts what it misses

    def _complete(self, wanted: list[int]) -> bool:
        return all(c.receipt.next >= due for c, due in zip(self._all, wanted, strict=True))

    def _latencies(self) -> dict[str, Any]:
        delays = array("q")
        moments: dict[int, tuple[int, int, int]] = {}  # published, first and last received
        for chunk in self._kept:
            early, late = min(chunk.received), max(chunk.received)
            for number, published in zip(chunk.numbers, chunk.published, strict=True):
                delays.extend(received - published for received in chunk.received)
                _, first, last = moments.get(number, (0, early, late))
                moments[number] = published, min(first, early), max(last, late)
        wall = 0
        if moments:
            began = min(published for published, _, _ in moments.values())
            wall = max(last for _, _, last in moments.values()) - began
        return {
            "deliveries": len(delays),
            "wall": wall / 1e9,
            **_quantiles("", delays),
            **_quantiles("first_", [first - published for published, first, _ in moments.values()]),
            **_quantiles("rest_", [last - first for _, first, last in moments.values()]),
        }

    def lines(self) -> Iterator[bytes]:
        """Yield the commands, and read the sockets in between, until the input closes."""
        rest = b""
        while True:
            while not self._told:
                self.turn(-1)
            self._told = False
            data = os.read(COMMANDS, 1 << 20)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            yield from lines
            self._epoll.modify(COMMANDS, select.EPOLLIN | select.EPOLLONESHOT)


def _quantiles(name: str, nanoseconds: Sequence[int]) -> dict[str, float]:
    ordered = sorted(nanoseconds) or [0]
    return {
        f"{name}p50": quantile(ordered, 0.5) / 1e6,
        f"{name}p99": quantile(ordered, 0.99) / 1e6,
        f"{name}max": ordered[-1] / 1e6,
    }


if __name__ == "__main__":
    client = Client()
    verbs = ("open", "begin", "finish", "arrivals", "between", "texts", "close")
    serve({verb: getattr(client, verb) for verb in verbs}, client.lines())
