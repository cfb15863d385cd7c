from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from hoardrun.market.engine.prices import Feed, FeedChange
from hoardrun.market.engine.pricing import Line, Pricing, micros
from hoardrun.market.engine.trust import Trust
from hoardrun.market.feeds.events import Halt, Ticker
from hoardrun.market.hours import Calendar, Session
from hoardrun.market.quotes import Listing

SECOND = 1_000_000
MOMENT = datetime(2026, 3, 18, 12, tzinfo=UTC)  # a Wednesday
NOON = micros(MOMENT)
LISTING = Listing(1, "BTC-USD", "Bitcoin", "crypto", "USD", 2, "open", "BTC", "NIGHT")
WEDNESDAYS = Session(2, "regular", time(9), time(15), "UTC", date(2026, 1, 1))


def made(
    *, is_delayed: bool = False, last_price: int | None = None, last_at: int = 0
) -> tuple[Pricing, Trust]:
    pricing = Pricing("kraken", window="rolling_24h", epoch=3)
    pricing.list([Line(LISTING, "B", last_price=last_price, last_at=last_at)], NOON)
    return pricing, Trust(pricing, is_delayed=is_delayed)


def priced(pricing: Pricing, price: str, at: int = NOON) -> None:
    pricing.take([Ticker("B", Decimal(price), at)], (), (), at)


def test_a_price_is_live_while_it_is_proven_and_each_change_is_told_once():
    pricing, trust = made()
    assert trust.judge(lambda _: None, NOON) == [FeedChange(1, "BTC-USD", Feed.STALE, NOON)]
    priced(pricing, "100")
    assert trust.judge(lambda _: 0.1, NOON) == [FeedChange(1, "BTC-USD", Feed.LIVE, NOON)]
    assert trust.judge(lambda _: 9.9, NOON) == []
    assert [each.feed for each in trust.judge(lambda _: 10.1, NOON)] == [Feed.STALE]
    assert trust[1] is Feed.STALE
    assert trust.all == [Feed.STALE]


@pytest.mark.parametrize(("price", "behind"), [("0", 0), ("100", SECOND)])
def test_prices_that_are_not_believed_prove_none(price: str, behind: int):
    pricing, trust = made()
    priced(pricing, "100")
    for second in range(0, 12, 6):
        now = NOON + second * SECOND
        pricing.take([Ticker("B", Decimal(price), now - behind * (second + 1))], (), (), now)
    trust.judge(lambda _: 0.0, NOON + 9 * SECOND)
    assert trust[1] is Feed.LIVE
    trust.judge(lambda _: 0.0, NOON + 11 * SECOND)
    assert trust[1] is Feed.STALE


def test_a_stored_price_is_as_old_as_it_is_until_another_is_believed():
    pricing, trust = made(last_price=10_000, last_at=NOON - 60 * SECOND)
    priced(pricing, "1000000")
    trust.judge(lambda _: 0.0, NOON)
    assert trust[1] is Feed.STALE
    pricing, trust = made(last_price=10_000, last_at=NOON - 3 * SECOND)
    trust.judge(lambda _: None, NOON)
    assert trust[1] is Feed.LIVE


@pytest.mark.parametrize(
    ("moment", "status", "feed"),
    [
        (MOMENT, "open", Feed.LIVE),
        (MOMENT + timedelta(hours=3), "closed", Feed.CLOSED),
        (MOMENT + timedelta(days=1), "closed", Feed.CLOSED),
    ],
)
def test_nothing_is_expected_of_a_market_that_is_closed(moment: datetime, status: str, feed: Feed):
    pricing, trust = made()
    trust.calendar = Calendar({"NIGHT": [WEDNESDAYS]}, {})
    trust.open_markets(moment)
    priced(pricing, "100")
    trust.judge(lambda _: 0.0, NOON)
    [line] = pricing.lines
    assert (trust.status(line), trust[1]) == (status, feed)
    assert trust.quiet_after("B") == (10 if status == "open" else None)
    assert trust.quiet_after("unknown") is None


def test_a_halt_is_no_staleness():
    pricing, trust = made()
    priced(pricing, "100")
    pricing.halt([Halt("B", True)])
    trust.judge(lambda _: 600.0, NOON)
    assert trust[1] is Feed.HALTED
    assert trust.quiet_after("B") is None


@pytest.mark.parametrize(("is_delayed", "feed"), [(False, Feed.STALE), (True, Feed.DELAYED)])
def test_a_price_that_comes_late_is_live_nowhere(is_delayed: bool, feed: Feed):
    pricing, trust = made(is_delayed=is_delayed)
    for number in range(3):
        said = Ticker("B", Decimal(100), NOON + number)
        pricing.take([said], (), (), NOON + 600 * SECOND)
    trust.judge(lambda _: 0.0, NOON + 600 * SECOND)
    assert trust[1] is feed


def test_a_delayed_price_is_stale_once_nothing_comes():
    pricing, trust = made(is_delayed=True)
    priced(pricing, "100")
    trust.judge(lambda _: 1.0, NOON)
    assert trust[1] is Feed.DELAYED
    trust.judge(lambda _: 11.0, NOON)
    assert trust[1] is Feed.STALE
