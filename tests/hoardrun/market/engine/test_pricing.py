from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from hoardrun.market.engine.prices import Accepted, AcceptedBar, Feed
from hoardrun.market.engine.pricing import Line, Pricing, micros, moment_of
from hoardrun.market.feeds.events import Bar, Halt, Ticker, Trade
from hoardrun.market.quotes import Listing

SECOND = 1_000_000
NOON = 1_773_835_200 * SECOND  # 2026-03-18 12:00:00
LISTING = Listing(1, "BTC-USD", "Bitcoin", "crypto", "USD", 2, "open", "BTC")
LINE = Line(LISTING, "BTC/USD")


@pytest.fixture
def pricing() -> Pricing:
    made = Pricing("kraken", window="rolling_24h", epoch=3)
    made.list([LINE], NOON)
    return made


def ticker(price: str, at: int = NOON, **more: Any) -> Ticker:
    values: dict[str, Any] = {name: Decimal(value) for name, value in more.items()}
    return Ticker("BTC/USD", Decimal(price), at, **values)


def trade(price: str, at: int = NOON, number: int | None = None, **more: Any) -> Trade:
    return Trade("BTC/USD", Decimal(price), Decimal("0.5"), at, number, **more)


def taken(pricing: Pricing, *said: Ticker | Trade | Bar, now: int = NOON) -> list[Any]:
    tickers = [each for each in said if isinstance(each, Ticker)]
    trades = [each for each in said if isinstance(each, Trade)]
    bars = [each for each in said if isinstance(each, Bar)]
    return list(pricing.take(tickers, trades, bars, now))


def test_prices_are_whole_steps_and_volumes_too(pricing: Pricing):
    [price] = taken(pricing, ticker("64250.10", volume="12.5"))
    assert price == Accepted(1, "BTC-USD", 6_425_010, NOON, "kraken", day_volume=1_250_000_000)
    [price] = taken(pricing, trade("64250.1", NOON + 1, 7))
    assert (price.price, price.size, price.trade_id) == (6_425_010, 50_000_000, 7)


def test_they_come_in_the_order_of_the_venue(pricing: Pricing):
    found = taken(
        pricing, ticker("102", NOON + 2), trade("101", NOON + 1, 2), trade("100", NOON, 1)
    )
    assert [item.price for item in found] == [10_000, 10_100, 10_200]


def test_what_a_venue_repeats_is_history_and_no_price(pricing: Pricing):
    taken(pricing, ticker("100"))
    [old] = taken(pricing, trade("99", NOON - 30 * SECOND, 1, is_history=True))
    assert old.is_history
    quote = pricing.quote("BTC/USD", feed=Feed.LIVE, status="open")
    assert quote is not None and quote.price == 100


@pytest.mark.parametrize("price", ["0", "-1", "10000"])
def test_a_price_that_is_not_believed_changes_nothing(pricing: Pricing, price: str):
    taken(pricing, ticker("100"))
    assert taken(pricing, ticker(price, NOON + 1)) == []
    assert pricing.doubted == 1
    quote = pricing.quote("BTC/USD", feed=Feed.LIVE, status="open")
    assert quote is not None and quote.price == 100


def test_a_number_that_cannot_be_kept_is_counted(pricing: Pricing):
    assert taken(pricing, ticker("1e30")) == []
    assert pricing.unread == 1


def test_an_unknown_symbol_is_passed_over(pricing: Pricing):
    assert taken(pricing, replace(ticker("1"), symbol="NOPE")) == []


def test_a_quote_says_from_where_and_when_it_is(pricing: Pricing):
    assert pricing.quote("BTC/USD", feed=Feed.LIVE, status="open") is None
    said: dict[str, Any] = {"open": "90.004", "high": "99", "low": "80", "volume": "3"}
    taken(pricing, ticker("100", **said), now=NOON + 84_000)
    quote = pricing.quote("BTC/USD", feed=Feed.STALE, status="halted")
    assert quote is not None
    assert (quote.source, quote.epoch, quote.window) == ("kraken", 3, "rolling_24h")
    assert (quote.as_of, quote.feed, quote.listing.status) == (
        moment_of(NOON),
        Feed.STALE,
        "halted",
    )
    assert (quote.open, quote.low, quote.volume) == (Decimal("90.00"), 80, 3)
    assert quote.previous_close == quote.open  # the change is that of a day
    assert quote.high == 100  # never below the price
    assert micros(quote.as_of) == NOON
    assert pricing.lag_ms == 84


def test_a_candle_of_the_venue_is_scaled_and_judged(pricing: Pricing):
    prices: dict[str, Any] = {
        "open": Decimal(1),
        "high": Decimal(4),
        "low": Decimal(1),
        "close": Decimal(3),
    }
    bar = Bar("BTC/USD", NOON, 1, **prices, volume=Decimal(2), trades=5)
    assert taken(pricing, bar) == [
        AcceptedBar(1, "BTC-USD", NOON, 1, 100, 400, 100, 300, 200_000_000, 5, "kraken")
    ]
    wrong = replace(bar, high=Decimal("0.5"))
    assert taken(pricing, wrong, replace(bar, low=Decimal(0))) == []
    assert pricing.doubted == 2


@pytest.mark.parametrize(
    ("high", "ended_seconds", "count"),
    [
        ("101", -30, 1),
        ("10000", -30, 0),  # it runs
        ("10000", 59, 0),
        ("10000", 60, 1),  # older than the prices that it could be compared with
        ("101", -64, 1),  # begins in a moment
        ("101", -66, 0),
        ("101", -86_400, 0),
    ],
)
def test_a_candle_of_now_is_near_the_prices_and_none_is_of_the_future(
    pricing: Pricing, high: str, ended_seconds: int, count: int
):
    taken(pricing, ticker("100"))
    begin = NOON - (ended_seconds + 60) * SECOND
    one = Decimal(100)
    bar = Bar("BTC/USD", begin, 1, one, Decimal(high), one, one, volume=None)
    assert len(taken(pricing, bar)) == count
    assert pricing.doubted == 1 - count


def test_prices_stay_when_the_list_is_read_again_and_go_when_the_steps_change(pricing: Pricing):
    taken(pricing, ticker("100"))
    pricing.list([replace(LINE, is_backup=True)], NOON)
    assert pricing.last_at("BTC/USD") == NOON
    assert pricing.lines[0].is_backup
    pricing.list([replace(LINE, listing=replace(LISTING, decimals=4))], NOON)
    assert pricing.last_at("BTC/USD") is None


def test_a_stored_price_is_what_the_first_one_is_compared_with():
    pricing = Pricing("kraken", window="rolling_24h", epoch=3)
    pricing.list([replace(LINE, last_price=10_000, last_at=NOON - SECOND)], NOON)
    assert taken(pricing, ticker("1000")) == []
    assert pricing.doubted == 1


def test_prices_that_come_late_are_told_by_the_least_late_of_three(pricing: Pricing):
    taken(pricing, ticker("100"), now=NOON + 40 * SECOND)  # one alone says nothing
    assert pricing.late_seconds("BTC/USD") == 0
    for number in range(1, 4):
        taken(pricing, trade("100", NOON + number, number), now=NOON + (40 + number) * SECOND)
    assert 40 < pricing.late_seconds("BTC/USD") < 43
    taken(pricing, ticker("100", NOON + 50 * SECOND), now=NOON + 51 * SECOND)
    assert pricing.late_seconds("BTC/USD") == 1


def test_the_price_of_a_snapshot_may_be_old(pricing: Pricing):
    for number in range(4):
        said = ticker("100", NOON + number)
        taken(pricing, replace(said, is_snapshot=True), now=NOON + 3600 * SECOND)
    assert pricing.late_seconds("BTC/USD") == 0


def test_a_halt_of_before_this_term_holds_until_a_later_trade():
    pricing = Pricing("kraken", window="rolling_24h", epoch=3)
    pricing.list([replace(LINE, last_price=10_000, last_at=NOON, was_halted=True)], NOON + SECOND)
    taken(pricing, ticker("100", NOON + 60 * SECOND), now=NOON + 60 * SECOND)
    assert pricing.is_halted("BTC/USD")
    taken(pricing, trade("100", NOON + 61 * SECOND, 1), now=NOON + 61 * SECOND)
    assert not pricing.is_halted("BTC/USD")


def test_a_later_trade_ends_a_halt_whose_end_was_missed(pricing: Pricing):
    pricing.halt([Halt("BTC/USD", True, at=NOON)])
    taken(pricing, trade("100", NOON + 4 * SECOND, 1), now=NOON + 4 * SECOND)  # was under way
    taken(pricing, ticker("100", NOON + 60 * SECOND), now=NOON + 60 * SECOND)  # no trade
    assert pricing.is_halted("BTC/USD")
    taken(pricing, trade("100", NOON + 61 * SECOND, 2), now=NOON + 61 * SECOND)
    assert not pricing.is_halted("BTC/USD")


def test_a_halt_holds_until_it_ends(pricing: Pricing):
    pricing.halt([Halt("BTC/USD", True), Halt("NOPE", True)])
    assert pricing.is_halted("BTC/USD")
    pricing.halt([Halt("BTC/USD", False)])
    assert not pricing.is_halted("BTC/USD")
