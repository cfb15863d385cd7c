"""What the engine decides by prices, feeds and gaps."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from hoardrun.market.alerts.board import Arms, Effect, Fires, Number
from hoardrun.market.alerts.choices import Metric
from hoardrun.market.alerts.desk import Desk, Entry, Known
from hoardrun.market.alerts.missed import MissedPrice
from hoardrun.market.engine.prices import Accepted, AcceptedBar, Feed, FeedChange, Gap, Item
from tests.hoardrun.market.alerts.naive import fires

BTC, ETH = 1, 2
MINUTE = 60_000_000


def price(value: int, at: int, key: int = BTC, **more: Any) -> Accepted:
    return Accepted(key, "BTC-USD", value, at, "kraken", **more)


def feed(state: Feed, key: int = BTC) -> FeedChange:
    return FeedChange(key, "BTC-USD", state, 0)


def entry(number: int, threshold: int, *, is_above: bool = True) -> Entry:
    return Entry(number, 1, Metric.PRICE, is_above, threshold)


def desk(*entries: Entry, at: int = 10) -> Desk:
    """Return a desk that watches alerts since a price of 100."""
    found = Desk()
    found.take([price(100, at)])
    found.take_up(BTC, entries)
    assert [type(effect) for effect in stored(found)] == [Arms]
    return found


def stored(of: Desk) -> list[Effect]:
    """Return what waits to be stored, and take it as stored."""
    found = []
    while (task := of.work.next()) is not None:
        found.append(task.effect)
        of.work.done(task)
    return found


def fired(of: Desk, *items: Item) -> list[int]:
    of.take(items)
    return [each for effect in stored(of) if isinstance(effect, Fires) for each in effect.ids]


def test_a_price_fires_what_it_reaches() -> None:
    of = desk(entry(1, 110), entry(2, 90, is_above=False))
    assert fired(of, price(109, 11), price(110, 12)) == [1]
    assert fired(of, price(89, 13)) == [2]
    assert fired(of, price(120, 14, key=ETH)) == []


def test_what_is_so_when_it_is_taken_up_fires_after_it_was_armed() -> None:
    of = Desk(quoted={BTC: Known(100, 5, "kraken")})
    of.take_up(BTC, [entry(1, 95)])
    assert stored(of) == [Arms([1], [1], 100, 5), fires([1], Metric.PRICE, 100, 100, 5)]


def test_a_halted_or_closed_price_fires_nothing_until_trading_goes_on() -> None:
    for state in (Feed.HALTED, Feed.CLOSED):
        of = desk(entry(1, 110), entry(2, 80, is_above=False))
        of.missed.gap(Gap(BTC, "BTC-USD", "kraken", 0, MINUTE))
        bar = AcceptedBar(BTC, "BTC-USD", 0, 1, 100, 120, 99, 100, None, None, "kraken")
        assert fired(of, feed(state), price(115, 11), price(70, 12)) == []
        assert fired(of, bar, price(120, 5, is_history=True)) == []
        assert fired(of, feed(Feed.LIVE)) == []
        assert fired(of, price(111, 13)) == [1]


def test_what_was_missed_before_a_halt_fires_during_it() -> None:
    of = desk(entry(1, 110))
    of.take([feed(Feed.HALTED)])
    of.fill(BTC, [MissedPrice(120, 120, None, 9)], "kraken")
    assert fired(of) == [1]


def test_a_stale_price_fires_with_the_first_one_that_is_accepted() -> None:
    of = desk(entry(1, 110), entry(2, 90, is_above=False))
    of.take([feed(Feed.STALE)])
    of.take_up(BTC, [entry(3, 100)])
    assert fired(of) == []  # nothing fires by the price that stands
    assert fired(of, price(112, 20)) == [1, 3]


def test_a_trade_that_is_repeated_counts_only_for_who_was_armed_then() -> None:
    """Whether it was armed by then is for the row to say: it stays watched."""
    of = desk(entry(1, 110))
    for at in (5, 10, 15):
        assert fired(of, price(120, at, is_history=True)) == [1]
    assert of.known(BTC) == Known(100, 10, "kraken")  # it moves nothing
    assert fired(of, price(110, 11)) == [1]


def test_what_a_venue_repeats_counts_beside_a_ticker_of_its_time_or_a_later_one() -> None:
    """A trade of between two subscriptions comes only so: the ticker tells the last price."""
    of = desk(entry(1, 110), entry(2, 90, is_above=False))
    again = price(111, 12, is_history=True), price(89, 13, is_history=True)
    assert fired(of, *again, price(100, 13)) == [1, 2]


def test_a_venues_candles_tell_what_was_missed_and_nothing_else() -> None:
    def bar(high: int) -> AcceptedBar:
        return AcceptedBar(BTC, "BTC-USD", MINUTE, 1, 100, high, 99, 100, None, None, "kraken")

    of = desk(entry(1, 110), at=MINUTE)
    assert fired(of, bar(120)) == []
    of.take([Gap(BTC, "BTC-USD", "kraken", MINUTE, 2 * MINUTE), price(100, 2 * MINUTE)])
    of.take([bar(120)])
    [found] = stored(of)
    assert isinstance(found, Fires)
    assert (found.ids, found.numbers[0]) == ([1], Number(120, 120, 2 * MINUTE, MINUTE))


def test_a_candle_that_still_runs_tells_of_the_time_up_to_the_next_price() -> None:
    running = AcceptedBar(BTC, "BTC-USD", MINUTE, 1, 100, 120, 99, 100, None, None, "kraken")
    of = desk(entry(1, 110), at=MINUTE)
    of.take([Gap(BTC, "BTC-USD", "kraken", MINUTE, MINUTE + 5), price(100, MINUTE + 5), running])
    assert stored(of) == []  # its high may be later than the newest price
    of.take([price(100, MINUTE + 20)])
    [found] = stored(of)
    assert isinstance(found, Fires)
    assert (found.ids, found.numbers[0]) == ([1], Number(120, 120, MINUTE + 20, MINUTE))


def test_prices_count_as_judged_once_what_follows_is_stored_and_nothing_is_missing() -> None:
    of = desk(entry(1, 110))
    assert of.judged() == {BTC: Known(100, 10, "kraken")}
    of.take([price(120, 11), price(5, 11, key=ETH)])
    assert of.judged() == {}  # what fired is not stored
    stored(of)
    assert of.judged() == {BTC: Known(120, 11, "kraken")}  # of the other, nobody waits
    of.take([Gap(BTC, "BTC-USD", "kraken", 11, 20), price(120, 20)])
    assert of.judged() == {}
    hole = of.missed.due(0.0)
    assert hole is not None
    of.missed.closed(hole)
    assert of.judged() == {BTC: Known(120, 20, "kraken")}


def test_a_price_that_crosses_nothing_costs_little_with_many_alerts() -> None:
    """The bench measures it on a quiet machine: at most 20 microseconds with a million alerts."""
    of = desk(*(entry(n, 1_000 + n) for n in range(2_000)))
    items: Iterable[Accepted] = [price(100 + n % 5, 11 + n) for n in range(20_000)]
    began = time.thread_time()  # not that of others on the machine
    of.take(list(items))
    assert (time.thread_time() - began) / 20_000 < 200e-6
    assert not of.work
