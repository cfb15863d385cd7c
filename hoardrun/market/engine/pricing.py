"""Turn events of a venue into prices of instruments, as the gate lets them through. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter

from hoardrun.market.engine.prices import Accepted, AcceptedBar, Feed, Item
from hoardrun.market.feeds.events import Bar, Halt, Ticker, Trade
from hoardrun.market.gate import JUMP_PERCENT, Gate, Limits, Verdict
from hoardrun.market.quotes import Listing, LiveQuote
from hoardrun.market.scaled import VOLUME_EXPONENT, Unscalable, rounded, unscale

RECENT_MINUTES = 1  # after its end a candle is still compared with the last prices
_MINUTE = 60_000_000
# Trades of the first seconds of a halt may have been under way; all pauses are longer.
HALT_MICROS = 5_000_000
LATE_PRICES = 3  # in a row that are late: one alone may have waited for a better bid
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DOUBTED = (Verdict.QUARANTINED, Verdict.NOT_POSITIVE, Verdict.INCONSISTENT, Verdict.AHEAD)


def micros(moment: datetime) -> int:
    """Return a time as whole microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(at: int) -> datetime:
    """Return the time of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=at)


@dataclass(frozen=True, slots=True)
class Line:
    """An instrument, as a source calls it."""

    listing: Listing
    venue_symbol: str
    is_backup: bool = False
    is_yielded: bool = False  # another source prices it now
    last_price: int | None = None  # of the stored quote, whose time is `last_at`
    last_at: int = 0  # microseconds
    was_halted: bool = False  # by this venue, when that quote was stored


@dataclass(slots=True)
class _Priced:
    """The newest of one instrument."""

    line: Line
    gate: Gate
    price: int | None = None
    at: int = 0
    halted_at: int | None = None  # by the venue's clock
    ticker: Ticker | None = None
    # How old its last prices were when they came, microseconds.
    lags: deque[int] = field(default_factory=lambda: deque((0,), maxlen=LATE_PRICES))

    def move(self, price: int, said: Ticker | Trade, now: int) -> None:
        """Take in a price that is not older than the last one."""
        if said.at > self.at:
            # A snapshot is of now, however long ago its price was made.
            is_snapshot = isinstance(said, Ticker) and said.is_snapshot
            self.lags.append(0 if is_snapshot else max(0, now - said.at))
        self.price, self.at = price, said.at
        is_trade = isinstance(said, Trade)
        if is_trade and self.halted_at is not None and said.at > self.halted_at + HALT_MICROS:
            self.halted_at = None  # the word that trading goes on was missed


class Pricing:
    """The instruments of a source, and their newest prices."""

    def __init__(self, source: str, *, window: str, epoch: int) -> None:
        self._source, self._window, self._epoch = source, window, epoch
        self._by_symbol: dict[str, _Priced] = {}
        self.unread = 0  # prices with more digits than can be kept

    def list(self, lines: Sequence[Line], now: int) -> None:
        """Take in which instruments there are; those that stay keep their prices."""
        before, self._by_symbol = self._by_symbol, {}
        for line in lines:
            kept = before.get(line.venue_symbol)
            if kept is not None and _is_same(kept.line.listing, line.listing):
                kept.line = line
            else:
                kept = _Priced(line, Gate(Limits(JUMP_PERCENT[line.listing.type])))
                if line.last_price is not None and now - line.last_at >= 0:
                    kept.gate.seed(line.last_price, line.last_at)
                if line.was_halted:  # the venue does not say so again
                    kept.halted_at = line.last_at
            self._by_symbol[line.venue_symbol] = kept

    @property
    def lines(self) -> Sequence[Line]:
        return [priced.line for priced in self._by_symbol.values()]

    def line(self, symbol: str) -> Line | None:
        """Return the line of a venue's symbol."""
        priced = self._by_symbol.get(symbol)
        return priced.line if priced else None

    def is_halted(self, symbol: str) -> bool:
        """Say whether the venue has halted a symbol."""
        return self._by_symbol[symbol].halted_at is not None

    def last_at(self, symbol: str) -> int | None:
        """Return the time of the newest price in this term, None if there is none."""
        priced = self._by_symbol[symbol]
        return None if priced.price is None else priced.at

    def doubting_seconds(self, symbol: str, now: int) -> float:
        """Return for how long a symbol has had prices of which none was believed."""
        return self._by_symbol[symbol].gate.doubting_seconds(now)

    def late_seconds(self, symbol: str) -> float:
        """Return how late the prices of a symbol come now, by the least late of the last three.

        A venue that lags sends data all the time, and none of it proves that a price is the newest.
        """
        return min(self._by_symbol[symbol].lags) / 1_000_000

    @property
    def lag_ms(self) -> int | None:
        """Return how old the newest price was when it came."""
        newest = max(self._priced(), key=lambda priced: priced.at, default=None)
        return None if newest is None else newest.lags[-1] // 1000

    @property
    def newest_at(self) -> int | None:
        """Return the time of the newest price of all."""
        return max((priced.at for priced in self._priced()), default=None)

    @property
    def doubted(self) -> int:
        """Return how many prices were not believed."""
        gates = [priced.gate.counts for priced in self._by_symbol.values()]
        return sum(counts[verdict] for counts in gates for verdict in _DOUBTED)

    def halt(self, halts: Sequence[Halt]) -> None:
        """Take in what the venue says of halts. A later trade ends one, too."""
        for halt in halts:
            if priced := self._by_symbol.get(halt.symbol):
                at = priced.at if halt.at is None else halt.at
                priced.halted_at = at if halt.is_halted else None

    def take(
        self, tickers: Sequence[Ticker], trades: Sequence[Trade], bars: Sequence[Bar], now: int
    ) -> Sequence[Item]:
        """Judge what came; return what the gate let through, in the order of the venue's times."""
        said: list[Ticker | Trade] = [*trades, *tickers]
        said.sort(key=attrgetter("at"))
        found: list[Item] = []
        for each in said:
            if priced := self._by_symbol.get(each.symbol):
                found += self._priced_by(priced, each, now)
        for bar in bars:
            if priced := self._by_symbol.get(bar.symbol):
                found += self._bar(priced, bar, now)
        return found

    def quote(self, symbol: str, *, feed: Feed, status: str) -> LiveQuote | None:
        """Return the newest quote of a symbol; None before its first price of this term."""
        priced = self._by_symbol.get(symbol)
        if priced is None or priced.price is None:
            return None
        listing, said = priced.line.listing, priced.ticker
        price = unscale(priced.price, listing.decimals)
        high, low = (said.high, said.low) if said else (None, None)
        return LiveQuote(
            listing=listing if listing.status == status else replace(listing, status=status),
            price=price,
            open=_rounded(listing, said.open if said else None),
            high=None if high is None else max(listing.round(high), price),
            low=None if low is None else min(listing.round(low), price),
            previous_close=_rounded(listing, self._before(said) if said else None),
            volume=said.volume if said else None,
            market_cap=None,
            as_of=moment_of(priced.at),
            source=self._source,
            feed=feed,
            window=self._window,
            epoch=self._epoch,
        )

    def _before(self, said: Ticker) -> Decimal | None:
        """Return what the change is counted from: of a rolling window, its first price."""
        if said.previous_close is None and self._window == "rolling_24h":
            return said.open
        return said.previous_close

    def _priced(self) -> Iterator[_Priced]:
        return (each for each in self._by_symbol.values() if each.price is not None)

    def _priced_by(self, priced: _Priced, said: Ticker | Trade, now: int) -> Iterator[Item]:
        listing = priced.line.listing
        price = self._steps(said.price, listing.decimals)
        if price is None:
            return
        size = trade_id = volume = None
        is_history = is_late = False
        if isinstance(said, Trade):
            size = self._steps(said.size, VOLUME_EXPONENT)
            trade_id = said.trade_id
            verdict = priced.gate.trade(price, said.at, now, trade_id=trade_id)
            is_late = verdict is Verdict.LATE and not said.is_history
            if size is None or verdict not in (Verdict.ACCEPTED, Verdict.LATE):
                return
            is_history = said.is_history or is_late
        else:
            verdict = priced.gate.ticker(price, said.at, now, is_snapshot=said.is_snapshot)
            if verdict is not Verdict.ACCEPTED:
                return
            priced.ticker = said
            volume = None if said.volume is None else self._steps(said.volume, VOLUME_EXPONENT)
        if not is_history and said.at >= priced.at:
            priced.move(price, said, now)
        yield Accepted(
            listing.id, listing.symbol, price, said.at, self._source,
            size, trade_id, volume, is_history, is_late,
        )  # fmt: skip

    def _bar(self, priced: _Priced, bar: Bar, now: int) -> Iterator[Item]:
        listing = priced.line.listing
        prices = [
            self._steps(each, listing.decimals) for each in (bar.open, bar.high, bar.low, bar.close)
        ]
        volume = None if bar.volume is None else self._steps(bar.volume, VOLUME_EXPONENT)
        if any(each is None for each in prices) or priced.gate.is_ahead(bar.begin, now):
            return
        first, high, low, close = (each or 0 for each in prices)
        is_recent = now < bar.begin + (bar.minutes + RECENT_MINUTES) * _MINUTE
        if priced.gate.bar(first, high, low, close, is_recent=is_recent) is Verdict.ACCEPTED:
            yield AcceptedBar(
                listing.id, listing.symbol, bar.begin, bar.minutes, first, high, low, close,
                volume, bar.trades, self._source, bar.is_snapshot, bar.is_amended,
            )  # fmt: skip

    def _steps(self, value: Decimal, exponent: int) -> int | None:
        try:
            return rounded(value, exponent)
        except (Unscalable, ArithmeticError):
            self.unread += 1
            return None


def _is_same(one: Listing, other: Listing) -> bool:
    return (one.id, one.decimals, one.type) == (other.id, other.decimals, other.type)


def _rounded(listing: Listing, value: Decimal | None) -> Decimal | None:
    return None if value is None else listing.round(value)
