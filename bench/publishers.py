"""Make a contender send, from a raw socket that costs next to nothing.

All of them number the messages from 0, and pace them by the clock: one that is late
is sent at once, so that the rate holds.
"""

from __future__ import annotations

import select
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

from bench.frames import marker
from tests.services.handshake import parse
from tests.services.stream import ByteStream

MESSAGE_BYTES = 246  # with its header, a frame of 250
_TEMPLATE = '{{"type": "system_announcement", "data": {{"title": "Benchmark", "message": "{}"}}}}'


def message(number: int, moment: int) -> str:
    """Write a message of the size that all contenders send, stamped with a moment."""
    text = marker(number, moment)
    return _TEMPLATE.format(text + "x" * max(0, MESSAGE_BYTES - len(text) - len(_TEMPLATE) + 6))


def paced(count: int, rate: float | None) -> Iterator[tuple[int, int]]:
    """Yield the number of each message when it is due, and the moment that it carries.

    At a rate that is the moment it was due, in nanoseconds: a contender that holds its
    publisher up makes the next messages late, and that counts.
    """
    began = time.monotonic_ns()
    for number in range(count):
        due = began + int(number * 1e9 / rate) if rate else 0
        if (early := due - time.monotonic_ns()) > 0:
            time.sleep(early / 1e9)
        yield number, due or time.monotonic_ns()


class RawPublisher(ByteStream, ABC):
    """A keep-alive connection to `port` of this machine."""

    def __init__(self, port: int) -> None:
        super().__init__(port, seconds=120)

    def __call__(self, count: int, rate: float | None) -> float:
        """Send `count` messages and return 0: what we spend is not the contender's."""
        for number, moment in paced(count, rate):
            self.publish(number, moment)
        self.finish()
        return 0.0

    @abstractmethod
    def publish(self, number: int, moment: int) -> None:
        """Send one message."""

    def finish(self) -> None:
        """Wait until all were taken. Here `publish` has waited for each."""
        assert not self.rest, f"more than an answer came: {self.rest[:200]!r}"


class HttpPublisher(RawPublisher):
    """POST each message to `path`, one after the other's answer."""

    def __init__(self, port: int, path: str) -> None:
        super().__init__(port)
        self._head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"

    def publish(self, number: int, moment: int) -> None:
        self.post(number, moment)
        self.answer()

    def post(self, number: int, moment: int) -> None:
        """Write one request."""
        body = message(number, moment)
        self.send(
            f"{self._head}Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )

    def answer(self) -> None:
        """Read one answer."""
        status, headers = parse(self.until(b"\r\n\r\n"))
        if status // 100 != 2:
            raise ConnectionError(f"publishing failed: {status} {headers}")
        self.read(int(headers.get("content-length", 0)))


class PipelinedPublisher(HttpPublisher):
    """POST without waiting; answers are read as they come, and the last ones at the end."""

    _owed = 0

    def publish(self, number: int, moment: int) -> None:
        self.post(number, moment)
        self._owed += 1
        while self._owed and select.select([self.socket], [], [], 0)[0]:
            self._answered()

    def finish(self) -> None:
        while self._owed:
            self._answered()
        super().finish()

    def _answered(self) -> None:
        self.answer()
        self._owed -= 1


class LinePublisher(RawPublisher):
    """Tell a contender that makes its messages by itself how many to send."""

    def __call__(self, count: int, rate: float | None) -> float:
        if rate is None:
            self._command(count, 0, 0)
            return 0.0
        return super().__call__(count, rate)

    def publish(self, number: int, moment: int) -> None:
        self._command(1, number, moment)

    def _command(self, count: int, first: int, moment: int) -> None:
        self.send(f"{count} {first} {moment}\n".encode())
        self.until(b"\n")


# Send `count` messages, `rate` a second or at once; returns the publisher's CPU seconds.
Publish = Callable[[int, float | None], float]
Ask = Callable[..., dict[str, Any]]


def refuse(*arguments: object, **options: object) -> Any:
    """Stand where nothing can be published, or no process can be asked."""
    raise NotImplementedError(f"this contender cannot do that: {arguments} {options}")


def asking(ask: Ask, *, counts: bool = True, **options: object) -> Publish:
    """Publish through a process of the contender's own, see `driven.Driven.ask`.

    Its CPU counts unless it is the server's process that publishes.
    """

    def publish(count: int, rate: float | None) -> float:
        spent = float(ask("publish", count=count, rate=rate, **options)["cpu"])
        return spent if counts else 0.0

    return publish
