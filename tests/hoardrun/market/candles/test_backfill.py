from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from typing import Any

import pytest

from hoardrun.market.candles.backfill import Filling, Missing, fill, wanted
from hoardrun.market.candles.builder import Hole
from hoardrun.market.candles.histories import SimulatedPast, Symbol, VenuePast, drawn_of
from hoardrun.market.candles.holes import OpenHole, hole_list, holes_add
from hoardrun.market.candles.spans import MINUTE, begin_of
from hoardrun.market.candles.values import Drawn, Values
from hoardrun.market.feeds.events import Bar
from hoardrun.market.feeds.fetching import FetchFailed
from hoardrun.market.lease import Held
from hoardrun.market.models import Instrument
from hoardrun.market.quotes import Listing
from hoardrun.market.selectors import listing_of
from tests.hoardrun.market.candles.prices import NOON
from tests.hoardrun.market.candles.rows import drawn, minutes_of, stored
from tests.hoardrun.market.tools import instrument


@pytest.fixture
def btc(db: Any) -> Instrument:
    return instrument(symbol="BTC-USD", type="crypto", currency="USD")


BARS = 720
SYMBOL = Symbol("kraken", "BTC/USD", "XBTUSD", UTC)


class Remembers:
    """A past with these candles, which fails after `pages`, if that is given."""

    bars = BARS
    minutes = (1, 60)

    def __init__(self, found: Sequence[Drawn], pages: int | None = None) -> None:
        self.found, self.pages = found, pages

    def candles(
        self, listing: Listing, symbol: Symbol, minutes: int, since: int, until: int
    ) -> Iterator[list[Drawn]]:
        inside = [each for each in self.found if since <= each.bucket < until]
        for number, start in enumerate(range(0, len(inside), 10)):
            if number == self.pages:
                raise FetchFailed("HTTP 500", 60.0)
            yield inside[start : start + 10]


def filling(of: Instrument, hole: OpenHole, past: Remembers, until: int | None = None) -> Filling:
    return Filling(hole, listing_of(of), SYMBOL, past, until or hole.until)


def hole_of(held: Held, of: Instrument, count: int) -> OpenHole:
    [hole] = holes_add(held=held, holes=[Hole(of.pk, NOON, NOON + count * MINUTE)])
    return hole


def asked(missing: list[Missing]) -> dict[int, Hole]:
    return {each.minutes: each.hole for each in missing if not each.is_left}


def left(missing: list[Missing]) -> dict[int, Hole]:
    return {each.minutes: each.hole for each in missing if each.is_left}


def test_a_new_installation_asks_for_as_much_as_a_venue_has():
    missing = wanted(7, {1: BARS, 5: BARS, 60: BARS, 1440: 30}, {}, NOON + 1)
    found = asked(missing)
    assert found[1] == Hole(7, NOON - (BARS - 1) * MINUTE, NOON + MINUTE)
    assert found[60].until - found[60].since == BARS * 60 * MINUTE
    assert found[1440].until - found[1440].since == 30 * 1440 * MINUTE
    assert set(found) == {1, 5, 60, 1440}
    assert set(left(missing)) == {1, 60, 1440}, "what longer candles are made of"
    assert left(missing)[1] == Hole(7, NOON - BARS * MINUTE, NOON - (BARS - 1) * MINUTE)


def test_a_new_leader_asks_from_the_last_closed_minute_to_the_end_of_the_one_that_runs():
    newest = {1: NOON - 3 * MINUTE, 60: NOON - 60 * MINUTE}
    assert wanted(7, dict.fromkeys((1, 60), BARS), newest, NOON + 1) == [
        (1, Hole(7, NOON - 2 * MINUTE, NOON + MINUTE), False)
    ]


def test_after_days_without_a_leader_longer_candles_are_asked_for_too():
    newest = {1: NOON - 3000 * MINUTE, 60: NOON - 3000 * MINUTE}
    missing = wanted(7, dict.fromkeys((1, 60), BARS), newest, NOON + 1)
    assert asked(missing)[1].since == NOON - (BARS - 1) * MINUTE
    assert asked(missing)[60].since == NOON - 2940 * MINUTE
    assert left(missing) == {1: Hole(7, NOON - 2999 * MINUTE, NOON - (BARS - 1) * MINUTE)}


def test_it_fills_a_hole_and_is_told_what_has_changed(held: Held, btc: Instrument):
    minutes_of(held, btc, 3)
    history = [replace(drawn(btc, number), values=Values(9, 9, 9, 9)) for number in range(25)]
    hole, changed = hole_of(held, btc, 25), list[Drawn]()
    fill(held, filling(btc, hole, Remembers(history)), changed.extend)
    assert [each.revision for each in changed] == [1] * 3 + [0] * 22
    assert stored() == changed
    assert hole_list() == []


def test_it_does_not_touch_what_is_still_built(held: Held, btc: Instrument):
    history = [drawn(btc, number) for number in range(25)]
    hole = hole_of(held, btc, 25)
    fill(held, filling(btc, hole, Remembers(history), NOON + 5 * MINUTE), lambda _: None)
    assert len(stored()) == 5
    [rest] = hole_list()
    assert (rest.since, rest.until) == (NOON + 5 * MINUTE, NOON + 25 * MINUTE)


def test_pages_before_a_failure_hold_and_the_rest_is_asked_for_again(held: Held, btc: Instrument):
    history = [drawn(btc, number) for number in range(25)]
    hole = hole_of(held, btc, 25)
    fill(held, filling(btc, hole, Remembers(history, 2)), lambda _: None)
    assert len(stored()) == 20
    [again] = hole_list()
    assert (again.since, again.tries, again.is_left) == (NOON, 1, False)
    fill(held, filling(btc, again, Remembers(history)), lambda _: None)
    assert stored() == history


def test_what_a_venue_does_not_remember_is_left_and_marked(held: Held, btc: Instrument):
    history = [drawn(btc, number) for number in range(100, 120)]
    hole = hole_of(held, btc, 120)
    fill(held, filling(btc, hole, Remembers(history)), lambda _: None)
    [left] = hole_list()
    assert (left.is_left, left.since, left.until) == (True, NOON, NOON + 100 * MINUTE)


def test_where_a_market_closes_hours_without_a_trade_are_nothing_strange(held: Held, db: Any):
    stock = instrument(symbol="SCOM", venue_code="XNAI")
    history = [drawn(stock, number) for number in range(100, 120)]
    fill(held, filling(stock, hole_of(held, stock, 120), Remembers(history)), lambda _: None)
    assert hole_list() == []


def test_it_stops_between_two_pages_when_the_term_is_over(held: Held, btc: Instrument):
    history = [drawn(btc, number) for number in range(25)]
    hole = hole_of(held, btc, 25)
    fill(held, filling(btc, hole, Remembers(history)), lambda _: None, lambda: len(stored()) >= 10)
    assert len(stored()) == 10
    assert hole_list()[0].since == NOON


def test_a_venue_may_answer_more_than_it_was_asked_for(btc: Instrument):
    class Venue:
        minutes = (1,)

        def bars(self, *asked: object) -> Iterator[list[Bar]]:
            price = Decimal(1)
            yield [
                Bar("BTC/USD", NOON + number * MINUTE, 1, price, price, price, price, None)
                for number in range(-2, 6)
            ]

    past = VenuePast(Venue())  # type: ignore[arg-type]
    [page] = past.candles(listing_of(btc), SYMBOL, 1, NOON, NOON + 3 * MINUTE)
    assert [each.bucket for each in page] == [NOON + number * MINUTE for number in range(3)]


def test_bars_that_cannot_be_true_make_no_candle(btc: Instrument):
    listing = listing_of(btc)
    price = Decimal("1.005")
    good = Bar("BTC/USD", NOON, 1, price, price, price, price, Decimal("1e12"), 3)
    made = drawn_of(good, listing, SYMBOL)
    assert made is not None and made.values == Values(100, 100, 100, 100, None, 3)
    for change in (
        {"low": Decimal(0)},
        {"high": Decimal("0.99")},
        {"close": Decimal("NaN")},
        {"open": Decimal("-1.005")},
        {"begin": NOON + 1},
        {"close": Decimal("1e30"), "high": Decimal("1e30")},
    ):
        assert drawn_of(replace(good, **change), listing, SYMBOL) is None, change


@pytest.mark.parametrize("minutes", [1, 60, 1440])
def test_the_simulated_past_has_each_span_once_and_is_always_the_same(
    btc: Instrument, minutes: int
):
    past, symbol = SimulatedPast(), replace(SYMBOL, source="simulator")
    since = NOON - 720 * MINUTE
    until = since + 10 * minutes * MINUTE
    [page] = past.candles(listing_of(btc), symbol, minutes, since + 1, until)
    assert [each.bucket for each in page] == [
        since + number * minutes * MINUTE for number in range(1, 10)
    ]
    assert all(each.values.is_sane() and each.is_indicative for each in page)
    assert [page] == list(past.candles(listing_of(btc), symbol, minutes, since + 1, until))
    assert begin_of(minutes, page[0].bucket) == page[0].bucket
