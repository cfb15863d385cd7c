from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest

from hoardrun.market.candles import spans
from hoardrun.market.candles.services import candles_repair, candles_roll, candles_store
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.values import Values
from hoardrun.market.lease import Held, Overtaken, acquire, release
from hoardrun.market.models import Candle, Instrument
from tests.hoardrun.market.candles.prices import NOON
from tests.hoardrun.market.candles.rows import drawn, minutes_of, stored
from tests.hoardrun.market.tools import instrument


@pytest.fixture
def btc(db: Any) -> Instrument:
    return instrument(symbol="BTC-USD", type="crypto", currency="USD")


def roll(held: Held, minutes: int, *buckets: tuple[int, int], whole: bool = True) -> list[Any]:
    return candles_roll(
        held=held,
        minutes=minutes,
        buckets=buckets,
        zones=lambda _: UTC,
        is_whole=lambda *_: whole,
    )


def test_it_stores_a_candle_and_returns_what_has_changed(held: Held, btc: Instrument):
    running = drawn(btc, 0, is_closed=False)
    assert candles_store(held=held, drawn=[running]) == [running]
    assert candles_store(held=held, drawn=[running]) == []
    closed = replace(running, is_closed=True)
    assert candles_store(held=held, drawn=[closed]) == [closed]
    assert stored() == [closed]
    assert Candle.objects.get().epoch == held.epoch


def test_a_change_after_the_close_is_a_revision(held: Held, btc: Instrument):
    minutes_of(held, btc, 1)
    better = drawn(btc, 0, values=Values(1000, 1009, 995, 1001, 300, 3))
    assert candles_store(held=held, drawn=[better]) == [replace(better, revision=1)]
    assert candles_store(held=held, drawn=[better]) == []
    again = drawn(btc, 0, values=Values(1000, 1010, 995, 1001, 400, 4))
    assert candles_store(held=held, drawn=[again]) == [replace(again, revision=2)]


def test_a_closed_candle_is_not_opened_again(held: Held, btc: Instrument):
    minutes_of(held, btc, 1)
    late = drawn(btc, 0, is_closed=False, values=Values(1, 1, 1, 1))
    assert candles_store(held=held, drawn=[late]) == []


def test_a_leader_that_was_overtaken_stores_nothing(held: Held, btc: Instrument):
    release(held)
    other = acquire("engine", "other")
    assert other is not None
    for store in (
        lambda: candles_store(held=held, drawn=[drawn(btc, 0)]),
        lambda: candles_repair(held=held, drawn=[drawn(btc, 0)], is_doubtful=True),
    ):
        with pytest.raises(Overtaken):
            store()
    assert stored() == []
    minutes_of(other, btc, 5)
    with pytest.raises(Overtaken):
        roll(held, 5, (btc.pk, NOON))


def test_history_is_stored_once_and_may_come_again(held: Held, btc: Instrument):
    history = [drawn(btc, number) for number in range(1200)]
    assert len(candles_repair(held=held, drawn=history, is_doubtful=False)) == 1200
    assert candles_repair(held=held, drawn=history, is_doubtful=True) == []
    assert stored() == history


def test_history_of_another_source_changes_only_what_is_doubtful(held: Held, btc: Instrument):
    minutes_of(held, btc, 1)
    other = drawn(btc, 0, source="coinbase", values=Values(9, 9, 9, 9, 1, 1))
    assert candles_repair(held=held, drawn=[other], is_doubtful=False) == []
    [changed] = candles_repair(held=held, drawn=[other], is_doubtful=True)
    assert (changed.source, changed.revision) == ("coinbase", 1)


def test_a_store_of_many_takes_few_statements(
    held: Held, btc: Instrument, django_assert_max_num_queries: Any
):
    made = [drawn(btc, number) for number in range(60)]
    with django_assert_max_num_queries(6):
        candles_store(held=held, drawn=made)


def test_it_adds_minutes_up(held: Held, btc: Instrument):
    other = instrument(symbol="ETH-USD", type="crypto", currency="USD")
    minutes_of(held, btc, 10)
    minutes_of(held, other, 3)
    both = [(btc.pk, NOON), (btc.pk, NOON + 5 * MINUTE), (other.pk, NOON)]
    found = roll(held, 5, *both)
    assert [(each.instrument_id, each.bucket) for each in found] == both
    assert found[0].values == Values(1000, 1009, 995, 1005, 1000, 10)
    assert found[2].values == Values(1000, 1007, 995, 1003, 600, 6)
    assert stored(5) == found


def test_a_span_without_a_candle_adds_up_to_none(held: Held, btc: Instrument):
    minutes_of(held, btc, 1)
    assert roll(held, 5, (btc.pk, NOON + 5 * MINUTE)) == []


def test_what_was_added_up_is_revised_with_its_parts(held: Held, btc: Instrument):
    minutes_of(held, btc, 5)
    roll(held, 5, (btc.pk, NOON))
    candles_store(held=held, drawn=[drawn(btc, 2, values=Values(1002, 2000, 990, 1003, 1, 1))])
    [found] = roll(held, 5, (btc.pk, NOON))
    assert (found.revision, found.values.high) == (1, 2000)


def test_a_candle_of_the_venue_stays_where_parts_are_missing(held: Held, btc: Instrument):
    hour = drawn(btc, 0, 60, values=Values(1, 9999, 1, 1, 1, 1))
    candles_repair(held=held, drawn=[hour], is_doubtful=False)
    minutes_of(held, btc, 5)
    assert roll(held, 60, (btc.pk, NOON), whole=False) == []
    [found] = roll(held, 60, (btc.pk, NOON))
    assert found.values.high == 1009


def test_a_day_is_added_up_from_its_hours(held: Held, btc: Instrument):
    day = spans.bucket_of(1440, NOON)
    hours = [drawn(btc, number, 60) for number in range(-12, 13)]  # one of the next day
    candles_store(held=held, drawn=hours)
    [found] = roll(held, 1440, (btc.pk, day))
    assert (found.values.open, found.values.trades) == (1000 - 12, 48)
