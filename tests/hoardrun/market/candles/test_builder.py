from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoardrun.market.candles.builder import CLOSE, GRACE, Builder, Hole
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.values import Drawn, Values
from hoardrun.market.engine.prices import Gap
from tests.hoardrun.market.candles.prices import (
    BTC,
    NOON,
    SECOND,
    Arrival,
    Table,
    bar,
    kind_of,
    naive,
    play,
    quote,
    trade,
)

OVER = MINUTE + CLOSE


def begun() -> Builder:
    """Make one that knows of no minute before noon, and asks for none."""
    builder = Builder(kind_of)
    nothing = Drawn(BTC, 1, NOON, Values(500, 500, 500, 500, 0, 0), "kraken", is_closed=False)
    builder.seed(nothing)
    return builder


def built(builder: Builder, now: int) -> list[Drawn]:
    builder.close_due(now)
    return builder.drain()


@pytest.mark.feed(number=8)
def test_a_minute_with_one_trade_is_a_candle_and_an_empty_one_is_none():
    builder = Builder(kind_of)
    builder.take(trade(NOON + SECOND, 500, 1), NOON + SECOND)
    (running,) = builder.drain()
    assert not running.is_closed
    (closed,) = built(builder, NOON + OVER)
    assert closed.is_closed
    assert closed.values == Values(500, 500, 500, 500, 100, 1)
    assert built(builder, NOON + 60 * MINUTE) == []


def test_it_closes_by_the_clock_two_seconds_after_the_end():
    builder = Builder(kind_of)
    builder.take(trade(NOON, 500, 1), NOON)
    builder.drain()
    assert built(builder, NOON + OVER - 1) == []
    assert [each.is_closed for each in built(builder, NOON + OVER)] == [True]


def test_the_close_does_not_depend_on_how_wrong_this_clock_is():
    builder = Builder(kind_of)
    builder.take(trade(NOON, 500, 1), now=7)
    builder.drain()
    assert built(builder, OVER) == []
    assert [each.is_closed for each in built(builder, OVER + 7)] == [True]


def test_a_trade_of_the_next_minute_does_not_close_the_last_one_early():
    builder = Builder(kind_of)
    builder.take(trade(NOON, 500, 1), NOON)
    builder.take(trade(NOON + MINUTE, 501, 2), NOON + MINUTE)
    assert [each.is_closed for each in builder.drain()] == [False, False]


@pytest.mark.feed(number=8)
def test_a_trade_twenty_seconds_late_amends_with_a_revision():
    builder, table = Builder(kind_of), Table()
    builder.take(trade(NOON, 500, 1), NOON)
    builder.take(trade(NOON + MINUTE, 501, 2), NOON + MINUTE)
    table.store(built(builder, NOON + OVER))
    builder.take(trade(NOON + 59 * SECOND, 600, 3), NOON + MINUTE + 20 * SECOND)
    (row,) = table.store(built(builder, NOON + MINUTE + 20 * SECOND))
    assert (row.revision, row.is_closed) == (1, True)
    assert row.values == Values(500, 600, 500, 600, 200, 2)
    assert builder.counts.late == 0


@pytest.mark.feed(number=8)
def test_a_trade_forty_seconds_late_is_counted_and_left_to_the_history():
    """Also where the gate has kept it from alerts because newer trades were there."""
    late = trade(NOON + 59 * SECOND, 600, 3)
    for comes in (late, replace(late, is_history=True, is_late=True)):
        builder, table = begun(), Table()
        builder.take(trade(NOON, 500, 1), NOON)
        builder.take(trade(NOON + MINUTE, 501, 2), NOON + MINUTE)
        table.store(built(builder, NOON + OVER))
        builder.take(comes, NOON + MINUTE + 40 * SECOND)
        changed = table.store(built(builder, NOON + MINUTE + 40 * SECOND))
        assert [row.bucket for row in changed] == [], "no closed candle changes"
        assert table.rows[NOON].values.high == 500
        assert builder.counts.late == 1
        assert builder.holes == [Hole(BTC, NOON, NOON + MINUTE)]


def test_a_trade_amends_up_to_the_grace_and_no_longer():
    for comes, is_late in ((MINUTE + GRACE - 1, False), (MINUTE + GRACE, True)):
        builder = begun()
        builder.take(trade(NOON, 500, 1), NOON)
        builder.take(trade(NOON + 1, 600, 2), NOON + comes)
        assert (builder.counts.late, builder.holes != []) == (is_late, is_late)


def test_a_minute_closes_by_the_clock_of_its_own_source():
    builder = Builder(kind_of)
    builder.take(trade(NOON, 500, 1), 0)
    ahead = trade(NOON + 60 * MINUTE, 500, 1, source="coinbase")
    builder.take(replace(ahead, instrument_id=BTC + 1), 0)
    builder.take(replace(ahead, at=NOON + 1), 0)
    builder.drain()
    assert built(builder, OVER - 1) == []
    closed = built(builder, OVER)
    assert [(each.instrument_id, each.source, each.is_closed) for each in closed] == [
        (BTC, "kraken", True),
        (BTC + 1, "coinbase", True),
    ]


@pytest.mark.feed(number=8)
def test_trades_of_one_millisecond_are_ordered_by_their_numbers():
    for numbers in ((7, 8, 9), (9, 8, 7), (8, 9, 7)):
        builder = Builder(kind_of)
        for number in numbers:
            builder.take(trade(NOON + number % 3, 100 + number, number), NOON)
        (running,) = builder.drain()
        assert running.values == Values(107, 109, 107, 109, 300, 3), numbers


def test_trades_of_one_time_without_numbers_are_ordered_as_they_came():
    builder = Builder(kind_of)
    for price in (5, 3, 4):
        builder.take(trade(NOON, price), NOON)
    (running,) = builder.drain()
    assert running.values == Values(5, 5, 3, 4, 300, 3)


@pytest.mark.feed(number=8)
def test_a_day_of_minutes_does_not_drift():
    builder, table = Builder(kind_of), Table()
    minutes = range(NOON, NOON + 1440 * MINUTE, MINUTE)
    for number, minute in enumerate(minutes):
        arrives = minute + 999_999 + number * 100  # the clock here is too fast
        builder.take(trade(minute + 1, 500, number), arrives)
        table.store(built(builder, arrives))
    table.store(built(builder, NOON + 1441 * MINUTE))
    assert sorted(table.rows) == list(minutes)


def test_a_repeated_trade_counts_once():
    builder = Builder(kind_of)
    for _ in range(3):
        builder.take(trade(NOON, 500, 1), NOON)
    (running,) = builder.drain()
    assert running.values.trades == 1
    assert builder.counts.repeated == 2


def test_what_the_venue_repeats_of_earlier_minutes_is_no_late_trade():
    builder = begun()
    builder.take(trade(NOON, 500, 9), NOON)
    builder.take(replace(trade(NOON - MINUTE, 400, 8), is_history=True), NOON)
    assert [each.bucket for each in builder.drain()] == [NOON]
    assert (builder.counts.late, builder.holes) == (0, [])


def test_the_candle_of_the_venue_counts_more_than_trades_and_is_not_mixed_with_them():
    builder = Builder(kind_of)
    venue = Values(500, 510, 490, 505, 700, 6)
    builder.take(trade(NOON, 500, 1), NOON)
    builder.take(bar(NOON, venue), NOON)
    builder.take(trade(NOON + 1, 999, 2), NOON)
    (running,) = builder.drain()
    assert running.values == venue


def test_a_bar_that_was_sent_earlier_does_not_replace_a_later_one():
    builder = Builder(kind_of)
    late, early = Values(500, 510, 490, 505, 700, 6), Values(500, 500, 500, 500, 100, 1)
    builder.take(bar(NOON, late), NOON)
    builder.take(bar(NOON, early), NOON)
    assert builder.drain()[0].values == late
    builder.take(bar(NOON, Values(500, 520, 490, 505, None, 7)), NOON)
    builder.take(bar(NOON, Values(500, 530, 490, 505, None, 6)), NOON)
    assert builder.drain()[0].values.trades == 7
    builder.take(bar(NOON, early, is_amended=True), NOON)
    assert builder.drain()[0].values == early


@pytest.mark.feed(number=14)
def test_an_amended_bar_revises_a_closed_candle_however_late():
    builder, table = Builder(kind_of), Table()
    first, second = Values(500, 510, 490, 505, 700, 6), Values(500, 520, 490, 505, 701, 7)
    builder.take(bar(NOON, first), NOON)
    table.store(built(builder, NOON + OVER))
    builder.take(bar(NOON, second, is_amended=True), NOON + MINUTE + 29 * SECOND)
    (row,) = table.store(built(builder, NOON + MINUTE + 29 * SECOND))
    assert (row.revision, row.values) == (1, second)
    built(builder, NOON + 5 * MINUTE)
    builder.take(bar(NOON, first, is_amended=True), NOON + 5 * MINUTE)
    assert [(each.bucket, each.values) for each in builder.repairs] == [(NOON, first)]


def test_a_snapshot_of_bars_repairs_minutes_before_this_process_began():
    builder = Builder(kind_of)
    values = Values(500, 510, 490, 505, 700, 6)
    builder.take(bar(NOON, values), NOON)
    for ago in (3, 2):
        builder.take(bar(NOON - ago * MINUTE, values, is_snapshot=True), NOON)
    assert [each.bucket for each in builder.repairs] == [NOON - 3 * MINUTE, NOON - 2 * MINUTE]
    assert builder.holes == []


def test_impossible_bars_and_prices_change_nothing():
    builder = Builder(kind_of)
    for values in (
        Values(0, 0, 0, 0, 0, 0),
        Values(500, 510, 505, 505, 1, 1),
        Values(500, 499, 490, 490, 1, 1),
        Values(500, 510, -490, 505, 1, 1),
        Values(500, 510, 490, 505, -1, 1),
    ):
        builder.take(bar(NOON, values), NOON)
    builder.take(bar(NOON + 1, Values(5, 5, 5, 5, 1, 1)), NOON)
    builder.take(trade(NOON, 0, 1), NOON)
    builder.take(trade(NOON, -5, 2), NOON)
    assert builder.drain() == []
    assert builder.counts.wrong == 8


def test_quotes_make_indicative_candles_without_volume_where_a_source_has_no_trades():
    builder = Builder(kind_of)
    for price in (10, 14, 9, 12):
        builder.take(quote(NOON, price), NOON)
        builder.take(quote(NOON, price, source="kraken"), NOON)
    (running,) = builder.drain()
    assert (running.source, running.is_indicative) == ("simulator", True)
    assert running.values == Values(10, 14, 9, 12)


def test_two_sources_are_not_mixed_within_a_minute():
    builder = Builder(kind_of)
    builder.take(trade(NOON, 500, 1), NOON)
    builder.take(trade(NOON + 1, 900, 1, source="coinbase"), NOON)
    (running,) = builder.drain()
    assert (running.source, running.values.high) == ("kraken", 500)


def test_a_gap_asks_for_the_minutes_that_it_touches():
    builder = Builder(kind_of)
    gap = Gap(BTC, "BTC-USD", "kraken", NOON - 90 * SECOND, NOON + SECOND)
    builder.take(gap, NOON)
    assert builder.holes == [Hole(BTC, NOON - 2 * MINUTE, NOON + MINUTE)]


def test_the_minute_of_the_first_trade_is_asked_for_since_others_may_have_come_before_it():
    builder = Builder(kind_of)
    builder.take(trade(NOON + 30 * SECOND, 500, 5), NOON + 30 * SECOND)
    builder.take(trade(NOON + 70 * SECOND, 500, 6), NOON + 70 * SECOND)
    builder.take(quote(NOON + 70 * SECOND, 10), NOON + 70 * SECOND)
    assert builder.holes == [Hole(BTC, NOON, NOON + MINUTE)]


def test_what_the_venue_repeats_does_not_tell_since_when_all_is_seen():
    builder = Builder(kind_of)
    builder.take(replace(trade(NOON, 500, 5), is_history=True), NOON + 90 * SECOND)
    assert builder.drain() == []
    builder.take(trade(NOON + 90 * SECOND, 500, 6), NOON + 90 * SECOND)
    builder.take(trade(NOON + 59 * SECOND, 600, 4), NOON + 90 * SECOND)
    assert [each.bucket for each in builder.drain()] == [NOON + MINUTE]
    assert builder.holes == [
        Hole(BTC, NOON + MINUTE, NOON + 2 * MINUTE),
        Hole(BTC, NOON, NOON + MINUTE),
    ]


def test_a_trade_of_a_minute_that_was_not_seen_from_its_beginning_makes_no_candle():
    builder = Builder(kind_of)
    builder.take(trade(NOON, 500, 5), NOON)
    builder.holes.clear()
    builder.take(trade(NOON - SECOND, 600, 4), NOON)
    assert [each.bucket for each in builder.drain()] == [NOON]
    assert builder.holes == [Hole(BTC, NOON - MINUTE, NOON)]


def test_it_goes_on_with_a_minute_that_another_process_has_begun():
    builder = Builder(kind_of)
    begun = Values(400, 450, 390, 420, 1000, 10)
    builder.seed(Drawn(BTC, 1, NOON, begun, "kraken", is_closed=False))
    builder.take(trade(NOON + SECOND, 500, 1), NOON + SECOND)
    (running,) = builder.drain()
    assert running.values == Values(400, 500, 390, 500, 1100, 11)


def test_a_minute_that_another_process_has_begun_is_filled_while_its_source_is_silent():
    """It would close with what that process has seen, and only when the source speaks again."""
    builder = Builder(kind_of)
    builder.seed(Drawn(BTC, 1, NOON, Values(400, 450, 390, 420), "kraken", is_closed=False))
    assert builder.first_open(BTC) is None
    builder.forget(BTC, NOON, NOON + MINUTE)
    assert built(builder, NOON + OVER) == []
    builder.take(trade(NOON + MINUTE, 500, 1), NOON + MINUTE)
    assert builder.first_open(BTC) == NOON + MINUTE
    assert [each.bucket for each in built(builder, NOON + MINUTE + OVER)] == [NOON + MINUTE]


def test_a_late_trade_does_not_change_what_the_history_has_filled():
    builder = begun()
    builder.take(trade(NOON, 500, 1), NOON)
    built(builder, NOON + OVER)
    builder.forget(BTC, NOON - MINUTE, NOON + MINUTE)
    builder.take(trade(NOON + 1, 600, 2), NOON + OVER)
    assert built(builder, NOON + OVER) == []
    assert builder.holes == [Hole(BTC, NOON, NOON + MINUTE)]


def test_it_keeps_no_minute_after_the_grace():
    builder = Builder(kind_of)
    for number in range(200):
        at = NOON + number * MINUTE
        builder.take(trade(at, 500, number), at)
        built(builder, at)
        builder.forget(BTC, at - 5 * MINUTE, at)
    (book,) = builder._books.values()
    assert len(book.minutes) <= 2
    assert len(book.forgotten) <= 4


DELAYS = st.one_of(st.integers(0, 3 * SECOND), st.integers(0, 25 * SECOND))
TICKS = st.lists(
    st.tuples(st.integers(0, 6 * 60_000), st.integers(1, 1000), DELAYS, st.integers(1, 3)),
    min_size=1,
    max_size=60,
)


def stream(ticks: list[tuple[int, int, int, int]]) -> list[Arrival]:
    """Make trades of `(millisecond, price, delay, times)`, as they arrive."""
    ticks = sorted(ticks)
    arrivals = []
    for number, (at_ms, price, delay, times) in enumerate(ticks):
        made = trade(NOON + at_ms * 1000, price, number, size=price)
        arrivals += [Arrival(made.at + delay * each, made) for each in range(1, times + 1)]
    return sorted(arrivals, key=lambda arrival: arrival.at)


@given(TICKS)
def test_candles_equal_a_naive_recomputation(ticks: list[tuple[int, int, int, int]]):
    """Repeated, late and unordered trades; what came too late comes from the history."""
    arrivals, builder, table = stream(ticks), Builder(kind_of), Table()
    play(builder, arrivals, table)
    table.store(built(builder, arrivals[-1].at + OVER))
    truth = naive(arrival.trade for arrival in arrivals)
    table.fill(builder.holes, truth)
    assert table.truths() == truth


@given(TICKS, st.lists(st.integers(0, 7 * 60_000), max_size=3), st.integers(0, 90_000))
def test_candles_are_the_same_however_often_the_leader_changes(
    ticks: list[tuple[int, int, int, int]], changes: list[int], pause_ms: int
):
    """A leader is killed at each change; the next one begins after a pause."""
    arrivals, table, holes = stream(ticks), Table(), list[Hole]()
    truth = naive(arrival.trade for arrival in arrivals)
    begin = NOON - MINUTE
    for end_ms in [*sorted(changes), None]:
        end = None if end_ms is None else NOON + end_ms * 1000
        builder = Builder(kind_of)
        for row in table.rows.values():
            if not row.is_closed:
                builder.seed(row)
        seen = [each for each in arrivals if begin <= each.at and (end is None or each.at < end)]
        play(builder, seen, table)
        holes += builder.holes
        if end is None:
            table.store(built(builder, arrivals[-1].at + 2 * MINUTE))
        else:  # the next one asks for all since the last closed minute, and for its own first one
            begin = max(begin, end + pause_ms * 1000)
            holes.append(Hole(BTC, NOON, begin - begin % MINUTE + MINUTE))
    table.fill(holes, truth)
    assert table.truths() == truth
