"""Prices that a source's leader has accepted, for rooms, candles and alerts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Feed(StrEnum):
    """How far a price can be trusted; a word of the wire."""

    LIVE = "live"
    DELAYED = "delayed"
    STALE = "stale"
    CLOSED = "closed"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A price that the gate let through. `price` is scaled by the instrument's decimals.

    A trade has a size; a ticker has none. `day_volume` is the cumulated volume of the window.
    `size` and `day_volume` are scaled by `scaled.VOLUME_EXPONENT`.
    """

    instrument_id: int
    symbol: str
    price: int
    at: int  # the venue's time, microseconds
    source: str
    size: int | None = None
    trade_id: int | None = None
    day_volume: int | None = None
    is_history: bool = False  # repeated by the venue, or late: for candles, never for alerts
    is_late: bool = False  # a trade that comes after newer ones, and was not there before


@dataclass(frozen=True, slots=True)
class AcceptedBar:
    """A venue's own candle, scaled as `Accepted` is."""

    instrument_id: int
    symbol: str
    begin: int  # microseconds
    minutes: int
    open: int
    high: int
    low: int
    close: int
    volume: int | None
    trades: int | None
    source: str
    is_snapshot: bool = False
    is_amended: bool = False


@dataclass(frozen=True, slots=True)
class FeedChange:
    """A price is live, or is so no longer."""

    instrument_id: int
    symbol: str
    feed: Feed
    at: int  # when, microseconds, by this machine's clock


@dataclass(frozen=True, slots=True)
class Gap:
    """Prices of an instrument may have been missed since a time, which is over now."""

    instrument_id: int
    symbol: str
    source: str
    since: int  # the last price that came before it, microseconds
    until: int


Item = Accepted | AcceptedBar | FeedChange | Gap


class Consumer(Protocol):
    """A part that the engine's leader runs: candles, or alerts.

    `begin` comes first, with the lease of the engine; `take` never blocks and never raises;
    `turn` is called every `TURN_SECONDS` and may write to the database, each write inside
    `lease.fenced(held)`; `end` comes last, also after the lease was lost: then nothing is written.
    All run in the event loop of the node; database work goes to threads.
    """

    async def begin(self, held: object) -> None: ...

    def take(self, items: Sequence[Item]) -> None: ...

    async def turn(self) -> None: ...

    async def end(self) -> None: ...
