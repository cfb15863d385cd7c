"""Judge the prices of a source: live, delayed, stale, halted or closed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from hoardrun.market.engine.prices import Feed, FeedChange
from hoardrun.market.engine.pricing import Line, Pricing
from hoardrun.market.engine.states import HALTED, Feeds, feed_of, limit_of
from hoardrun.market.hours import TRADING, Calendar

Age = Callable[[str], float | None]


class Trust:
    """Judges the instruments of a source. Times of the clock are microseconds since 1970."""

    def __init__(self, pricing: Pricing, *, is_delayed: bool, pace: float = 1.0) -> None:
        """`pace` is how many seconds of the source pass in each real one."""
        self._pricing, self._is_delayed, self._pace = pricing, is_delayed, pace
        self._feeds = Feeds()
        self._markets: dict[int, str] = {}  # the state of each instrument's market
        self.calendar = Calendar({}, {})

    def __getitem__(self, instrument_id: int) -> Feed:
        """Return how far a price could be trusted when all were judged."""
        return self._feeds[instrument_id]

    @property
    def all(self) -> Sequence[Feed]:
        return self._feeds.all

    def open_markets(self, moment: datetime) -> None:
        """Take in which markets are open at a moment."""
        listings = [line.listing for line in self._pricing.lines]
        self._markets = {
            listing.id: self.calendar.status(listing.status, listing.venue_code, moment)
            for listing in listings
        }

    def judge(self, age: Age, now: int) -> Sequence[FeedChange]:
        """Judge all prices, and return what has changed.

        `age` gives for how many seconds the newest price of a symbol is unproven by what its
        source has sent; None if nothing came of it.
        """
        lines = self._pricing.lines
        feeds = {line.listing.id: self._feed(line, age(line.venue_symbol), now) for line in lines}
        changed = set(self._feeds.judge(feeds))
        return [self.said(line, now) for line in lines if line.listing.id in changed]

    def said(self, line: Line, now: int) -> FeedChange:
        """Say how far the price of an instrument can be trusted."""
        listing = line.listing
        return FeedChange(listing.id, listing.symbol, self._feeds[listing.id], now)

    def status(self, line: Line) -> str:
        """Return the state of an instrument's market."""
        if self._pricing.is_halted(line.venue_symbol):
            return HALTED
        return self._markets.get(line.listing.id, line.listing.status)

    def quiet_after(self, symbol: str) -> float | None:
        """Return after how many seconds the price of a symbol is stale; None: never, by now."""
        line = self._pricing.line(symbol)
        if line is None or self.status(line) not in TRADING:
            return None
        return limit_of(line.listing.type, line.listing.symbol)

    def unproven(self, line: Line) -> Feed:
        """Judge a price that nobody proves any more."""
        return feed_of(status=self.status(line), age=None, limit=0.0, is_delayed=self._is_delayed)

    def _feed(self, line: Line, age: float | None, now: int) -> Feed:
        return feed_of(
            status=self.status(line),
            age=self._unproven_seconds(line, age, now),
            limit=limit_of(line.listing.type, line.listing.symbol),
            is_delayed=self._is_delayed,
        )

    def _unproven_seconds(self, line: Line, age: float | None, now: int) -> float | None:
        if self._pricing.last_at(line.venue_symbol) is None:
            # Nothing that came was believed: only its own time speaks for the stored price.
            return None if line.last_price is None else (now - line.last_at) / 1_000_000
        if age is None:
            return None
        # Prices that are not believed, or that come late, prove nothing.
        doubting = self._pricing.doubting_seconds(line.venue_symbol, now) * self._pace
        return max(age, doubting, self._late_seconds(line))

    def _late_seconds(self, line: Line) -> float:
        """Return how late prices come: delayed ones must, recordings have a clock of their own."""
        if self._is_delayed or self._pace != 1:
            return 0.0
        return self._pricing.late_seconds(line.venue_symbol)
