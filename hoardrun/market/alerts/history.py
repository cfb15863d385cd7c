"""Ask a source for the prices that were missed. What is called blocks: call it in a thread.

Trades say exactly when a price was reached; they are asked for first. Candles of a minute say it of
longer times, but for the minutes in which they begin and end, and where a source has no trades to
tell. What comes back goes through a gate of its
own: a price that cannot be true fires nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hoardrun.market import simulator
from hoardrun.market.alerts.missed import Hole, MissedPrice
from hoardrun.market.feeds import VENUES
from hoardrun.market.feeds.events import Bar, Trade
from hoardrun.market.feeds.fetching import Fetcher, FetchFailed, fetcher_of
from hoardrun.market.gate import JUMP_PERCENT, LATENESS_SECONDS, Gate, Limits, Verdict
from hoardrun.market.models import Instrument, Quote, SourceSymbol
from hoardrun.market.options import SIMULATOR
from hoardrun.market.quotes import Listing
from hoardrun.market.scaled import Unscalable, rounded
from hoardrun.market.selectors import listing_of

_MINUTE = 60_000_000
_TICK = simulator.TICK_MS * 1000
BY_TRADES = 15 * _MINUTE  # of a longer time there may be too many
REACHES_BACK = _MINUTE  # trades that begin later than this after the hole are not all
LATEST = int(LATENESS_SECONDS * 1_000_000)  # after its time a trade may have come
SIMULATED = 2_000
LONGEST = 12 * 60 * _MINUTE  # what Kraken has of candles of a minute


@dataclass(frozen=True, slots=True)
class MissedPrices:
    """The answer of a source. With `retry_seconds`, ask it again after that time."""

    prices: Sequence[MissedPrice]
    retry_seconds: float | None = None


def missed_prices(hole: Hole) -> MissedPrices:
    """Ask a source for what was missed, at most the last LONGEST of it."""
    instrument = Instrument.objects.get(pk=hole.instrument_id)
    listing = listing_of(instrument)
    since = max(hole.since, hole.until - LONGEST)
    if hole.source == SIMULATOR:
        return MissedPrices(list(_simulated(listing, since, hole.until)))
    symbol = SourceSymbol.objects.filter(instrument=instrument, source=hole.source).first()
    fetcher = fetcher_of(hole.source, is_urgent=True) if hole.source in VENUES else None
    if symbol is None or fetcher is None:
        return MissedPrices(())
    found: list[MissedPrice] = []
    try:
        for page in _asked(fetcher, symbol, listing, since, hole.until):
            found += page
    except FetchFailed as error:
        return MissedPrices(_in_order(found), error.retry_seconds)
    return MissedPrices(_in_order(found))


def _in_order(prices: Iterable[MissedPrice]) -> list[MissedPrice]:
    return sorted(prices, key=lambda each: each.until)


def _asked(
    fetcher: Fetcher, symbol: SourceSymbol, listing: Listing, since: int, until: int
) -> Iterator[list[MissedPrice]]:
    names = symbol.venue_symbol, symbol.rest_symbol or symbol.venue_symbol
    # What came late while nobody listened lies before the last price that came.
    earliest = since - LATEST
    ends = [(earliest, until)]
    if until - since > BY_TRADES:  # an alert may be armed within a minute
        ends = [(earliest, since - since % _MINUTE + _MINUTE), (until - until % _MINUTE, until)]
    first: int | None = None
    for begin, end in ends:
        gate = _gate(listing, begin)
        for trades in fetcher.trades(*names, begin, end):
            first = trades[0].at if first is None else first
            yield list(by_trades(trades, listing, gate))
    if len(ends) > 1 or first is None or first - since > REACHES_BACK:
        gate = _gate(listing, since)
        begin = since - since % _MINUTE
        end = until if first is None or len(ends) > 1 else first
        for bars in fetcher.bars(*names, 1, begin, end):
            yield list(by_bars(bars, listing, gate, until))


def by_trades(trades: Sequence[Trade], listing: Listing, gate: Gate) -> Iterator[MissedPrice]:
    """Yield the prices of trades that a gate lets through."""
    for trade in trades:
        price = _steps(listing, trade)
        if price is None:
            continue
        verdict = gate.trade(price, trade.at, trade.at, trade_id=trade.trade_id)
        if verdict is Verdict.ACCEPTED:
            yield MissedPrice(price, price, None, trade.at)


def by_bars(bars: Sequence[Bar], listing: Listing, gate: Gate, until: int) -> Iterator[MissedPrice]:
    """Yield the extremes of candles that a gate lets through."""
    for bar in bars:
        try:
            prices = [rounded(each, listing.decimals)
                      for each in (bar.open, bar.high, bar.low, bar.close)]  # fmt: skip
        except (Unscalable, ArithmeticError):
            continue
        if _is_plausible(prices, bar.begin, gate, JUMP_PERCENT[listing.type]):
            _, high, low, _ = prices
            yield MissedPrice(high, low, bar.begin, min(bar.begin + bar.minutes * _MINUTE, until))


def _simulated(listing: Listing, since: int, until: int) -> Iterator[MissedPrice]:
    """Yield the prices that the simulator has made: of each tick, or of SIMULATED ticks."""
    first, last = since // _TICK + 1, until // _TICK
    for tick in range(first, last + 1, max(1, (last - first) // SIMULATED)):
        price = rounded(simulator.price_at(listing, tick), listing.decimals)
        yield MissedPrice(price, price, None, tick * _TICK)


def _is_plausible(prices: Sequence[int], at: int, gate: Gate, jump_percent: Decimal) -> bool:
    """Say whether a candle may be true: its close by the gate, its extremes by their distance."""
    first, high, low, close = prices
    if gate.bar(first, high, low, close, is_recent=False) is not Verdict.ACCEPTED:
        return False
    factor = 1 + jump_percent / 100
    if high > max(first, close) * factor or low * factor < min(first, close):
        return False
    return gate.trade(close, at, at) is Verdict.ACCEPTED


def _gate(listing: Listing, since: int) -> Gate:
    """Make a gate that begins with the stored price of an instrument."""
    gate = Gate(Limits(JUMP_PERCENT[listing.type]))
    price = Quote.objects.filter(instrument_id=listing.id).values_list("price", flat=True).first()
    if price is not None:
        gate.seed(price, since)
    return gate


def _steps(listing: Listing, trade: Trade) -> int | None:
    try:
        return rounded(trade.price, listing.decimals)
    except (Unscalable, ArithmeticError):
        return None
