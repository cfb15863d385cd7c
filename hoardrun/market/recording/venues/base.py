"""What the server must know of a venue to speak as it does. Pure.

It is written from the venue's documentation, and knows nothing of what reads the venue's frames.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hoardrun.market.recording.clock import Clock, shifted
from hoardrun.market.recording.tape import Candle, Deal, News, Sorted, Tape


@dataclass
class Seat:
    """What a venue remembers of one connection. A subscription is a channel and a symbol."""

    subscriptions: set[tuple[str, str]] = field(default_factory=set)
    has_asked: bool = False
    is_logged_in: bool = False

    def wants(self, news: News) -> bool:
        return any((news.channel, symbol) in self.subscriptions for symbol in news.symbols)


class Market:
    """The market at this moment of the replay. All times are the venue's, as it writes them."""

    def __init__(self, tape: Tape, clock: Clock) -> None:
        self._tape = tape
        self._clock = clock
        self.refuses: Callable[[str], bool] = lambda symbol: False
        self.refuses_logins: Callable[[], bool] = lambda: False

    @property
    def symbols(self) -> Sequence[str]:
        return self._tape.header.symbols

    @property
    def moment(self) -> int:
        return self._clock.moment

    @property
    def position(self) -> int:
        return self._clock.position

    def has(self, symbol: str) -> bool:
        """Say whether a subscription of the symbol is accepted."""
        return symbol in self.symbols and not self.refuses(symbol)

    def decimals(self, symbol: str) -> int:
        return self._tape.decimals(symbol)

    def last(self, channel: str, symbol: str) -> str | None:
        """Return the newest frame of a symbol."""
        news = self._tape.last(channel, symbol, self._clock.position)
        return shifted(news.text, self._clock.shift) if news else None

    def frames(self, channel: str, symbol: str) -> list[str]:
        """Return all frames of a symbol that have come."""
        found = self._tape.frames(channel, symbol, self._clock.position)
        return [shifted(news.text, self._clock.shift) for news in found]

    def deals(
        self, symbol: str, since: int = 0, until: int | None = None
    ) -> list[tuple[int, Deal]]:
        """Return the trades of [since, until) with their times, ascending."""
        shift = self._clock.shift
        end = self.moment + 1 if until is None else until
        found = self._tape.deals(symbol, since - shift, end - shift, self._clock.position)
        return [(deal.at + shift, deal) for deal in found]

    def candles(self, symbol: str, minutes: int, since: int, until: int) -> Iterator[Candle]:
        """Yield the candles of [since, until) that had trades, ascending."""
        return self._tape.candles(
            symbol, minutes, since, until, self._clock.position, shift=self._clock.shift
        )


class HttpRefused(Exception):
    """The HTTP API refuses a request, with a status and a body."""

    def __init__(self, status: int, body: Mapping[str, object]) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


class Speaker(ABC):
    """One venue."""

    source: ClassVar[str]
    heartbeat_seconds: ClassVar[float | None] = None  # between heartbeats
    beats_when_idle: ClassVar[bool] = True  # only while nothing else is sent
    patience_seconds: ClassVar[float | None] = None  # until the first request; then it hangs up
    busy: ClassVar[Mapping[str, object]] = {
        "message": "Too many requests"
    }  # of the HTTP API, with 429

    @abstractmethod
    def sort(self, text: str) -> Sorted | None:
        """Say what a recorded frame is about; None if it is no market data. Never raises."""

    def greeting(self, market: Market) -> Sequence[str]:
        """Return what is sent to a connection before it asks for anything."""
        return ()

    @abstractmethod
    def answer(self, text: str, seat: Seat, market: Market) -> Sequence[str | News]:
        """Answer a request: first with answers, then with snapshots, as `News`."""

    def heartbeats(self, seat: Seat, market: Market) -> Sequence[str]:
        return ()

    def maintenance(self, is_over: bool) -> Sequence[str]:
        """Return what says that maintenance begins, or is over."""
        return ()

    @abstractmethod
    def get(self, path: str, params: Mapping[str, str], market: Market) -> str:
        """Answer a GET of the HTTP API with JSON. Raises HttpRefused."""


def decoded(text: str) -> Any:
    """Read JSON with its numbers as they are written. Raises ValueError."""
    return json.loads(text, parse_float=str, parse_int=str)


def encoded(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
