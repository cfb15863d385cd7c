"""The prices of the minutes that may still change. Pure; `builder` alone changes them."""

from __future__ import annotations

from enum import IntEnum

from hoardrun.market.candles.values import Values

_SEEDED = (-1, -1, -1, -1)  # comes before each price


class Kind(IntEnum):
    """The material of a candle. Of several in a minute, the one of the greatest value counts."""

    QUOTES = 1
    TRADES = 2
    BARS = 3


class Part:
    """The prices of one minute from one source and of one kind."""

    __slots__ = ("_first", "_ids", "_last", "values")

    def __init__(self, values: Values, key: tuple[int, ...] = _SEEDED) -> None:
        self.values = values
        self._first = self._last = key
        self._ids: set[int] = set()

    def has(self, trade_id: int | None) -> bool:
        """Say whether a trade has come before, and remember it."""
        if trade_id is None:
            return False
        if trade_id in self._ids:
            return True
        self._ids.add(trade_id)
        return False

    def add(self, price: int, size: int | None, key: tuple[int, ...]) -> None:
        open_, high, low, close, volume, trades = self.values
        if key < self._first:
            open_, self._first = price, key
        if key > self._last:
            close, self._last = price, key
        if size is not None:
            volume, trades = (volume or 0) + size, (trades or 0) + 1
        self.values = Values(open_, max(high, price), min(low, price), close, volume, trades)


class Minute:
    """One minute of an instrument; of equal kinds, the source that came first counts."""

    __slots__ = ("bucket", "is_changed", "is_closed", "parts")

    def __init__(self, bucket: int) -> None:
        self.bucket = bucket
        self.parts: dict[tuple[Kind, str], Part] = {}
        self.is_closed = False
        self.is_changed = False

    def best(self) -> tuple[Kind, str]:
        return max(self.parts, key=lambda part: part[0])


class Book:
    """The minutes of an instrument that may still change."""

    __slots__ = ("forgotten", "minutes", "since", "source")

    def __init__(self, since: int, source: str) -> None:
        self.source = source  # of the newest price
        self.since = since  # minutes before it were not seen
        self.minutes: dict[int, Minute] = {}
        self.forgotten: set[int] = set()  # minutes that the venue's history has filled


def is_older(one: Values, other: Values) -> bool:
    """Say whether a running bar was sent before another: fewer trades, or less volume."""
    return (one.trades or 0, one.volume or 0) < (other.trades or 0, other.volume or 0)
