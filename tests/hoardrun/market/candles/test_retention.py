from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from hoardrun.market.candles import partitions, retention
from hoardrun.market.candles.builder import Hole
from hoardrun.market.candles.holes import holes_add
from hoardrun.market.candles.partitions import HOURS, MINUTES, month_of, next_month
from hoardrun.market.candles.services import candles_store
from hoardrun.market.candles.spans import MINUTE, STORED, microseconds
from hoardrun.market.lease import Held
from hoardrun.market.models import Candle, CandleHole, Instrument
from realtime import clock
from realtime.models import JobRun
from tests.hoardrun.market.candles.rows import drawn, stored
from tests.hoardrun.market.tools import instrument

on_postgres = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="partitions are PostgreSQL's"
)


@pytest.fixture
def btc(db: Any) -> Instrument:
    return instrument(symbol="BTC-USD", type="crypto", currency="USD")


def store(held: Held, of: Instrument, days_ago: float, *intervals: int) -> None:
    at = microseconds(clock.now() - timedelta(days=days_ago))
    candles_store(
        held=held,
        drawn=[
            replace(drawn(of, 0, each), bucket=at - at % (each * MINUTE))
            for each in intervals or STORED
        ],
    )


def intervals() -> list[int]:
    return sorted(Candle.objects.values_list("minutes", flat=True))


def test_each_interval_is_kept_as_long_as_the_options_say(held: Held, btc: Instrument):
    # A partition goes once its whole month is past.
    for days, left in ((800, [1440]), (125, [15, 30, 60, 240, 1440]), (1, list(STORED))):
        Candle.objects.all().delete()
        store(held, btc, days)
        assert retention.apply()
        assert intervals() == left, days


def test_options_change_how_long(held: Held, btc: Instrument, settings: Any):
    settings.MARKET = {**settings.MARKET, "MARKET_CANDLE_MINUTE_DAYS": 200.0}
    store(held, btc, 125, 1, 5)
    assert retention.apply()
    assert intervals() == [1]


def test_holes_go_with_their_candles(held: Held, btc: Instrument):
    now = microseconds(clock.now())
    for days in (40, 1):
        at = now - days * 1440 * MINUTE
        holes_add(held=held, holes=[Hole(btc.pk, at, at + MINUTE)], is_left=True)
    assert retention.apply()
    assert CandleHole.objects.count() == 1


def test_one_node_does_it_for_all(held: Held, btc: Instrument):
    retention.apply_if_due()
    claimed = JobRun.objects.get(name=retention.NAME).claimed_at
    retention.apply_if_due()
    assert JobRun.objects.get(name=retention.NAME).claimed_at == claimed


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL drops partitions")
def test_a_turn_deletes_so_many_rows_at_most(
    held: Held, btc: Instrument, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(retention, "ROWS", 3)
    for days in range(40, 48):
        store(held, btc, days, 1)
    for left in (5, 2, 0):
        assert retention.apply()
        assert Candle.objects.count() == left


@on_postgres
def test_months_are_made_ahead_and_what_came_before_moves_into_its_month(
    held: Held, btc: Instrument
):
    now = clock.now()
    store(held, btc, 70, 1, 60)
    store(held, btc, 0, 1, 60)
    before = stored(1) + stored(60)
    old = month_of(now - timedelta(days=70))
    made = partitions.make_months(HOURS, now)
    assert {partitions.name_of(HOURS, each) for each in (old, next_month(month_of(now)))} <= set(
        made
    )
    assert partitions.make_months(HOURS, now) == []
    assert count("market_candle_hours_other") == 0
    assert count(partitions.name_of(HOURS, old)) == 1
    assert stored(1) + stored(60) == before
    assert set(partitions.months(HOURS)) >= {old, month_of(now)}


@on_postgres
def test_a_month_in_use_takes_what_is_stored_next(held: Held, btc: Instrument):
    partitions.make_months(MINUTES, clock.now())
    store(held, btc, 0, 1)
    assert count("market_candle_1m_other") == 0
    btc.delete()
    assert Candle.objects.count() == 0


@on_postgres
def test_a_month_is_dropped_once_all_of_it_is_past(held: Held, btc: Instrument):
    now = datetime(2026, 3, 10, tzinfo=UTC)
    at = microseconds(datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
    candles_store(held=held, drawn=[replace(drawn(btc, 0), bucket=at)])
    partitions.make_months(MINUTES, now)
    assert partitions.drop_months(MINUTES, datetime(2026, 1, 31, 23, tzinfo=UTC)) == []
    assert partitions.drop_months(MINUTES, datetime(2026, 2, 1, tzinfo=UTC)) == [
        "market_candle_1m_2026_01"
    ]
    assert stored() == []


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])
