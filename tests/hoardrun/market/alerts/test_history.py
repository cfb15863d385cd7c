"""What a source tells of a time that was missed; what cannot be true fires nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hoardrun.market.alerts.history import LATEST, by_bars, by_trades, missed_prices
from hoardrun.market.alerts.missed import Hole, MissedPrice
from hoardrun.market.feeds.events import Bar, Trade
from hoardrun.market.gate import JUMP_PERCENT, Gate, Limits
from hoardrun.market.models import Instrument, SourceSymbol
from hoardrun.market.quotes import Listing
from tests.hoardrun.market import tools
from tests.hoardrun.market.feeds.api import serving

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


def test_of_a_long_time_trades_tell_the_first_and_the_last_minute(db: None, settings: Any) -> None:
    begin, end = 600 * SECOND, 600 * SECOND + 20 * MINUTE
    since, until = begin + 40 * SECOND, end + 20 * SECOND
    trades = [(since + 5 * SECOND, "101"), (begin + 5 * MINUTE, "103"), (until - SECOND, "102")]

    def answer(path: str, params: dict[str, str]) -> tuple[int, dict[str, str], object]:
        after = int(params["since"])
        rows: list[list[object]]
        if path.endswith("Trades"):
            rows = [
                [price, "1", at / SECOND, "b", "m", "", at]
                for at, price in trades
                if at * 1000 > after
            ]
        else:
            minutes = range(begin // SECOND, end // SECOND, 60)
            rows = [[at, "100", "104", "99", "100", "100", "3", 4] for at in minutes if at > after]
        return 200, {}, {"error": [], "result": {"XXBTZUSD": rows, "last": "1"}}

    of = tools.instrument(symbol="BTC-USD", type="crypto", currency="USD")
    SourceSymbol.objects.create(
        instrument=of, source="kraken", venue_symbol="BTC/USD", rest_symbol="XBTUSD"
    )
    with serving(answer) as api:
        settings.MARKET = {"MARKET_SOURCES": ("kraken",), "MARKET_KRAKEN_API_URL": api.address}
        told = missed_prices(Hole(of.pk, "kraken", since, until))
    assert told.retry_seconds is None
    exact = [price for price in told.prices if price.since is None]
    assert exact == [
        MissedPrice(10_100, 10_100, None, since + 5 * SECOND),
        MissedPrice(10_200, 10_200, None, until - SECOND),
    ]
    spans = [price for price in told.prices if price.since is not None]
    assert spans[0] == MissedPrice(10_400, 9_900, begin, begin + MINUTE) and len(spans) == 20
    assert list(told.prices) == sorted(told.prices, key=lambda price: price.until)


def test_what_came_late_and_what_came_with_the_last_price_is_told(db: None, settings: Any) -> None:
    """A trade that is late while nobody listens lies before the last one that came by then."""
    since, until = 600 * SECOND, 610 * SECOND
    trades = [(since - LATEST - SECOND, "99"), (since - 10 * SECOND, "101"), (until, "102")]
    trades += [(until, "100"), (until + 1, "103")]

    def answer(path: str, params: dict[str, str]) -> tuple[int, dict[str, str], object]:
        after = int(params["since"])
        rows = [
            [price, "1", at / SECOND, "b", "m", "", number]
            for number, (at, price) in enumerate(trades)
            if at * 1000 > after
        ]
        return 200, {}, {"error": [], "result": {"XXBTZUSD": rows, "last": "1"}}

    of = tools.instrument(symbol="BTC-USD", type="crypto", currency="USD")
    SourceSymbol.objects.create(
        instrument=of, source="kraken", venue_symbol="BTC/USD", rest_symbol="XBTUSD"
    )
    with serving(answer) as api:
        settings.MARKET = {"MARKET_SOURCES": ("kraken",), "MARKET_KRAKEN_API_URL": api.address}
        told = missed_prices(Hole(of.pk, "kraken", since, until))
    assert [(price.high, price.until) for price in told.prices] == [
        (10_100, since - 10 * SECOND), (10_200, until), (10_000, until),
    ]  # fmt: skip
    assert len(api.asked) == 1


def test_a_source_without_a_past_tells_nothing(instruments: dict[str, Instrument]) -> None:
    hole = Hole(instruments["AAPL"].pk, "ecb", 0, MINUTE)
    told = missed_prices(hole)
    assert (list(told.prices), told.retry_seconds) == ([], None)
