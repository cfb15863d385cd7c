"""What a source tells of a time that was missed; what cannot be true fires nothing."""

from __future__ import annotations

from decimal import Decimal

from hoardrun.market.alerts.history import by_bars, by_trades, missed_prices
from hoardrun.market.alerts.missed import Hole, MissedPrice
from hoardrun.market.feeds.events import Bar, Trade
from hoardrun.market.gate import JUMP_PERCENT, Gate, Limits
from hoardrun.market.models import Instrument
from hoardrun.market.quotes import Listing

BTC = Listing(1, "BTC-USD", "Bitcoin", "crypto", "USD", 2, "open")
SECOND, MINUTE = 1_000_000, 60_000_000


def gate(price: int = 10_000) -> Gate:
    found = Gate(Limits(JUMP_PERCENT["crypto"]))
    found.seed(price, 0)
    return found


def trade(price: str, at: int) -> Trade:
    return Trade("XBT/USD", Decimal(price), Decimal(1), at, trade_id=at)


def bar(open: str, high: str, low: str, close: str, begin: int = 0) -> Bar:
    prices = Decimal(open), Decimal(high), Decimal(low), Decimal(close)
    return Bar("XBT/USD", begin, 1, *prices, volume=None)


def test_trades_say_exactly_when_a_price_was_reached() -> None:
    found = by_trades([trade("100.50", SECOND), trade("101", 2 * SECOND)], BTC, gate())
    assert list(found) == [
        MissedPrice(10_050, 10_050, None, SECOND),
        MissedPrice(10_100, 10_100, None, 2 * SECOND),
    ]


def test_candles_say_between_which_times() -> None:
    found = by_bars([bar("100", "102", "99", "101")], BTC, gate(), 30 * SECOND)
    assert list(found) == [MissedPrice(10_200, 9_900, 0, 30 * SECOND)]


def test_prices_that_cannot_be_true_are_left_out() -> None:
    odd = ("0", "-1", "10000", "NaN", "1e30")
    trades = [trade(each, n * SECOND) for n, each in enumerate(odd, 1)]
    assert list(by_trades(trades, BTC, gate())) == []
    bars = [
        bar("0", "101", "0", "100"),
        bar("100", "99", "98", "100"),
        bar("100", "10000", "99", "100"),
        bar("100", "101", "1", "100"),
        bar("10000", "10000", "10000", "10000"),
        bar("NaN", "NaN", "NaN", "NaN"),
    ]
    assert list(by_bars(bars, BTC, gate(), MINUTE)) == []


def test_a_source_without_a_past_tells_nothing(instruments: dict[str, Instrument]) -> None:
    hole = Hole(instruments["AAPL"].pk, "ecb", 0, MINUTE)
    told = missed_prices(hole)
    assert (list(told.prices), told.retry_seconds) == ([], None)
