"""Alerts on prices that come by file once a day: no leader tells the engine of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User

from hoardrun.market.alerts.imported import imported_list
from hoardrun.market.alerts.models import AlertCursor
from hoardrun.market.feeds.daily.importing import daily_import
from hoardrun.market.models import Instrument, Lease
from notifications.models import Notification
from tests.hoardrun.market.alerts.test_consumer import db, leading, states, told, until
from tests.hoardrun.market.alerts.tools import ENGINE, alert, held

pytestmark = pytest.mark.django_db(transaction=True)


def imported(day: int, price: str, volume: int = 100) -> None:
    """Import a day's price of Safaricom."""
    row = f"2026-10-{day},SCOM,{price},{volume}"
    daily_import(source="nse", raw=f"Date,Code,Close,Volume\n{row}\n".encode())


async def test_a_price_that_comes_by_file_fires_once_and_says_its_time_and_source(
    alice: User, instruments: dict[str, Instrument]
) -> None:
    await db(imported, 28, "28.40")
    async with leading(await db(held)):
        await db(alert, alice, "29", symbol="SCOM")
        await db(alert, alice, "5000", symbol="SCOM", kind="volume_above")
        await until(lambda: states() == ["armed", "armed"])
        await db(imported, 29, "28.90")
        await until(lambda: AlertCursor.objects.get().price == 2890, seconds=30)
        assert await db(states) == ["armed", "armed"]
        await db(imported, 30, "29.10", 6000)
        await until(lambda: states() == ["fired", "fired"], seconds=30)
    assert await db(told, "price") == ["29.10", "29.10"]
    assert await db(told, "as_of") == ["2026-10-30T12:00:00.000Z"] * 2
    assert await db(told, "source") == ["nse"] * 2


async def test_a_price_that_was_imported_while_nobody_led_fires_when_somebody_does(
    alice: User, instruments: dict[str, Instrument]
) -> None:
    await db(imported, 29, "28.40")
    async with leading(await db(held)):
        await db(alert, alice, "29", symbol="SCOM", mode="repeat")
        await until(lambda: states() == ["armed"])
    await db(imported, 30, "29.10")
    for _ in range(2):
        await db(_release)
        async with leading(await db(held)):
            await until(lambda: states() == ["waiting_rearm"], seconds=30)
            await until(lambda: AlertCursor.objects.get().price == 2910, seconds=30)
    assert await db(Notification.objects.count) == 1


def _release() -> None:
    Lease.objects.filter(name=ENGINE).update(expires_at=datetime(2026, 1, 1, tzinfo=UTC))


async def test_a_corrected_price_is_judged_as_the_new_one(
    alice: User, instruments: dict[str, Instrument]
) -> None:
    await db(imported, 30, "28.40")
    async with leading(await db(held)):
        await db(alert, alice, "29", symbol="SCOM")
        await until(lambda: states() == ["armed"])
        await db(imported, 30, "29.40")
        await until(lambda: states() == ["fired"], seconds=30)


def test_a_halted_instrument_has_no_price_that_counts(instruments: dict[str, Instrument]) -> None:
    imported(30, "28.40", 7)
    [found] = imported_list()
    assert (found.symbol, found.price, found.day_volume) == ("SCOM", 2840, 7 * 10**8)
    Instrument.objects.filter(symbol="SCOM").update(status="halted")
    assert imported_list() == []
