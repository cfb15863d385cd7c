"""Which prices are believed. Pure: one gate for each instrument of a source.

A price that lies too far from the median of the last ones is quarantined: it counts as nobody's
price until others confirm it. The gate treats both directions alike, and one tick is never its
only anchor for long. Prices are whole numbers of the instrument's steps, times microseconds.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from statistics import median_low

JUMP_PERCENT = {
    "crypto": Decimal(10),
    "forex": Decimal(2),
    "stock": Decimal(15),
    "index": Decimal(10),
    "commodity": Decimal(10),
}
LATENESS_SECONDS = 60.0  # a trade may come so much after a newer one, and count for candles
_SECOND = 1_000_000


class Verdict(StrEnum):
    """What a gate says of a price."""

    ACCEPTED = "accepted"
    LATE = "late"  # a trade older than the last one: for candles, not for the price
    QUARANTINED = "quarantined"
    NOT_POSITIVE = "not_positive"
    INCONSISTENT = "inconsistent"  # a candle whose high is below its low, and the like
    OLD = "old"
    AHEAD = "ahead"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a price may differ from the last ones, and its time from ours."""

    jump_percent: Decimal
    reorder_seconds: float = 1.0  # a trade may come so much after a newer one and be a price
    lateness_seconds: float = LATENESS_SECONDS
    ahead_seconds: float = 5.0
    confirm_ticks: int = 3
    confirm_seconds: float = 5.0
    reanchor_seconds: float = 60.0  # after so long without a price, a snapshot is believed
    window: int = 20


@dataclass(slots=True)
class _Minute:
    """The lowest and the highest price that was accepted in a minute of our clock."""

    number: int
    low: int
    high: int


class Gate:
    """Judge the prices of one instrument of one source.

    `now` is the time of the caller's clock. `counts` has how often each verdict was given.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._jump = int(limits.jump_percent * 100)  # hundredths of a percent
        self._window: deque[int] = deque(maxlen=limits.window)
        self._doubted: deque[int] = deque(maxlen=limits.window)
        self._doubted_since = 0
        self._minutes: deque[_Minute] = deque(maxlen=3)  # what a recent candle may span
        self._accepted_at = 0  # by our clock
        self._doubting_since: int | None = None  # by our clock
        self._ticker_at = self._trade_at = 0  # by the venue's
        self._trade_id: int | None = None
        self.counts: Counter[Verdict] = Counter()

    def doubting_seconds(self, now: int) -> float:
        """Return for how long prices have come of which none was believed.

        A venue may go on sending zeros with fresh times, or tickers of an hour ago: they are no
        proof of the last price.
        """
        return 0.0 if self._doubting_since is None else (now - self._doubting_since) / _SECOND

    def seed(self, price: int, now: int) -> None:
        """Begin with a price that was accepted earlier, such as the stored quote, at that time."""
        if price > 0:
            self._accept(price, now)

    def ticker(self, price: int, at: int, now: int, *, is_snapshot: bool = False) -> Verdict:
        """Judge the newest price of a symbol."""
        if price <= 0:
            return self._doubt(Verdict.NOT_POSITIVE, now)
        if at > now + self._limits.ahead_seconds * _SECOND:
            return self._doubt(Verdict.AHEAD, now)
        if at < self._ticker_at:
            return self._doubt(Verdict.OLD, now)
        if (verdict := self._jumped(price, now, is_snapshot)) is not Verdict.ACCEPTED:
            return self._doubt(verdict, now)
        self._ticker_at = at
        return self._say(verdict)

    def trade(self, price: int, at: int, now: int, *, trade_id: int | None = None) -> Verdict:
        """Judge the price of a trade. What the venue repeats of its history is late or old."""
        if price <= 0:
            return self._doubt(Verdict.NOT_POSITIVE, now)
        if at > now + self._limits.ahead_seconds * _SECOND:
            return self._doubt(Verdict.AHEAD, now)
        if trade_id is not None and trade_id == self._trade_id:
            return self._say(Verdict.DUPLICATE)
        behind = (self._trade_at - at) / _SECOND
        if behind > self._limits.lateness_seconds:
            return self._say(Verdict.OLD)
        if behind > self._limits.reorder_seconds:
            near = not self._window or self._is_near(price, median_low(self._window))
            return self._say(Verdict.LATE if near else Verdict.QUARANTINED)
        if (verdict := self._jumped(price, now, False)) is not Verdict.ACCEPTED:
            return self._doubt(verdict, now)
        self._trade_at = max(self._trade_at, at)
        self._trade_id = trade_id
        return self._say(verdict)

    def bar(self, open: int, high: int, low: int, close: int, *, is_recent: bool) -> Verdict:
        """Judge a candle of the venue. Only a recent one is compared with the last prices.

        A recent one runs, or has ended a minute ago at most.
        """
        if low <= 0:
            return self._say(Verdict.NOT_POSITIVE)
        if not low <= min(open, close) <= max(open, close) <= high:
            return self._say(Verdict.INCONSISTENT)
        if is_recent and self._window:
            lowest = min(minute.low for minute in self._minutes)
            highest = max(minute.high for minute in self._minutes)
            if not (
                self._is_near(close, median_low(self._window))
                and (low >= lowest or self._is_near(low, lowest))
                and (high <= highest or self._is_near(high, highest))
            ):
                return self._say(Verdict.QUARANTINED)
        return self._say(Verdict.ACCEPTED)

    def is_ahead(self, at: int, now: int) -> bool:
        """Say whether a time, such as the beginning of a candle, is too far ahead, and count it."""
        if at <= now + self._limits.ahead_seconds * _SECOND:
            return False
        self._say(Verdict.AHEAD)
        return True

    def _say(self, verdict: Verdict) -> Verdict:
        self.counts[verdict] += 1
        return verdict

    def _doubt(self, verdict: Verdict, now: int) -> Verdict:
        if self._doubting_since is None:
            self._doubting_since = now
        return self._say(verdict)

    def _is_near(self, price: int, anchor: int) -> bool:
        """Compare by the factor, so that a rise is near exactly if the same fall is."""
        low, high = sorted((price, anchor))
        return high * 10_000 <= low * (10_000 + self._jump)

    def _jumped(self, price: int, now: int, is_snapshot: bool) -> Verdict:
        if not self._window or self._is_near(price, median_low(self._window)):
            self._doubted.clear()
            return self._accept(price, now)
        if is_snapshot and now - self._accepted_at >= self._limits.reanchor_seconds * _SECOND:
            self._doubted.clear()
            return self._move(price, now)
        if not self._doubted or not self._is_near(price, median_low(self._doubted)):
            self._doubted.clear()  # another level: nothing confirms the one before
            self._doubted_since = now
            self._doubted.append(price)
            return Verdict.QUARANTINED
        self._doubted.append(price)
        agreed = now - self._doubted_since >= self._limits.confirm_seconds * _SECOND
        if agreed or len(self._doubted) > self._limits.confirm_ticks:
            return self._move(price, now)
        return Verdict.QUARANTINED

    def _move(self, price: int, now: int) -> Verdict:
        """Believe the new level, and compare with it alone from now on."""
        self._window.clear()
        self._window.extend(self._doubted)
        self._doubted.clear()
        return self._accept(price, now)

    def _accept(self, price: int, now: int) -> Verdict:
        self._window.append(price)
        self._accepted_at = now
        self._doubting_since = None
        number = now // (60 * _SECOND)
        if not self._minutes or self._minutes[-1].number != number:
            self._minutes.append(_Minute(number, price, price))
        minute = self._minutes[-1]
        minute.low, minute.high = min(minute.low, price), max(minute.high, price)
        return Verdict.ACCEPTED
