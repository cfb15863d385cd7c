"""The consumer of the engine with real rows: arms, fires once, and hands over without a loss."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from hoardrun.market import simulator
from hoardrun.market.alerts.consumer import Alerts
from hoardrun.market.alerts.models import AlertCursor, PriceAlert
from hoardrun.market.alerts.services import alert_change
from hoardrun.market.alerts.times import microseconds_of, moment_of
from hoardrun.market.engine.prices import Accepted, Feed, FeedChange
from hoardrun.market.lease import Held, Overtaken
from hoardrun.market.models import Candle, Instrument, Lease, Quote
from hoardrun.market.quotes import Listing
from hoardrun.market.scaled import rounded
from hoardrun.market.selectors import listing_of
from notifications.models import Notification
from tests.hoardrun.market.alerts.tools import ENGINE, alert, armed, coin, held
from tests.services.ports import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")


async def db(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    return await sync_to_async(function)(*args, **kwargs)


async def until(ready: Callable[[], Any], *, seconds: float = 15) -> None:
    """Wait until a question to the database is answered with yes."""
    async with asyncio.timeout(seconds * PATIENCE):
        while not await db(ready):
            await asyncio.sleep(0.02)


@asynccontextmanager
async def leading(by: Held) -> AsyncIterator[Alerts]:
    """Run a consumer as the engine's leader does."""
    consumer = Alerts()
    await consumer.begin(by)

    async def turns() -> None:
        while True:
            await consumer.turn()
            await asyncio.sleep(0.01)

    task = asyncio.ensure_future(turns())
    try:
        yield consumer
        if task.done():
            task.result()
        await consumer.turn()  # which raises what has ended it since
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await consumer.end()


def now() -> int:
    return microseconds_of(datetime.now(UTC))


def price(of: Instrument, value: int, at: int | None = None, **more: Any) -> Accepted:
    return Accepted(of.pk, of.symbol, value, now() if at is None else at, "kraken", **more)


def states() -> list[str]:
    return list(PriceAlert.objects.order_by("pk").values_list("state", flat=True))


def told(name: str) -> list[Any]:
    """Return a value of the metadata of all notifications, in their order."""
    return [row.metadata[name] for row in Notification.objects.order_by("pk")]


async def test_a_new_alert_is_armed_fires_once_and_is_told_once(alice: User) -> None:
    of, by = await db(coin), await db(held)
    async with leading(by) as consumer:
        row = await db(alert, alice)
        await until(lambda: states() == ["armed"])
        for value in (10_900, 11_000, 11_100, 10_900, 11_200):
            consumer.take([price(of, value)])
        await until(lambda: states() == ["fired"])
        # Moved by its user to another price, it is watched anew.
        row = await db(PriceAlert.objects.get)
        more = {"threshold": "120", "paused": False}
        await db(alert_change, user_id=alice.pk, alert_id=row.pk, version=row.version, changes=more)
        await until(lambda: states() == ["armed"])
        consumer.take([price(of, 11_900), price(of, 12_000)])
        await until(lambda: states() == ["fired"])
    assert await db(told, "price") == ["110.00", "120.00"]


async def test_it_waits_for_a_first_price_and_fires_what_is_so_then(alice: User) -> None:
    of, by = await db(coin), await db(held)
    await db(Quote.objects.all().delete)
    async with leading(by) as consumer:
        await db(alert, alice, "90")
        await asyncio.sleep(0.3)
        assert await db(states) == ["pending"]
        consumer.take([price(of, 9_500)])
        await until(lambda: states() == ["fired"], seconds=30)


@pytest.mark.feed(number=9)
async def test_500_flips_over_a_threshold_are_one_notification_a_cooldown(alice: User) -> None:
    """Once is once; a repeated one waits for the way back and its cooldown."""
    of, by = await db(coin), await db(held)
    async with leading(by) as consumer:
        await db(alert, alice, "110")
        await db(alert, alice, "110", mode="repeat", cooldown_seconds=60, hysteresis="0.50")
        await until(lambda: states() == ["armed"] * 2)
        at = now()
        for number in range(500):
            consumer.take([price(of, 11_000 if number % 2 else 10_999, at + number)])
        await until(lambda: states() == ["fired", "waiting_rearm"] and len(consumer) == 1)
        assert await db(Notification.objects.count) == 2
        later = at + 61_000_000
        consumer.take([price(of, 10_950, later)])
        await until(lambda: states() == ["fired", "armed"])
        for number in range(500):
            consumer.take([price(of, 11_000 if number % 2 else 10_999, later + 1 + number)])
        await until(lambda: Notification.objects.count() == 3)
        await until(lambda: states() == ["fired", "waiting_rearm"])
    keys = await db(lambda: list(Notification.objects.values_list("key", flat=True)))
    assert len(set(keys)) == 3


@pytest.mark.feed(number=10)
async def test_a_leader_that_was_overtaken_stops_and_its_successor_fires_once(
    alice: User,
) -> None:
    """The first leader wakes up, and changes no row."""
    of, first = await db(coin), await db(held, "first")
    with pytest.raises(Overtaken):
        async with leading(first) as asleep:
            await db(alert, alice)
            await until(lambda: states() == ["armed"])
            over = datetime(2026, 1, 1, tzinfo=UTC)
            await db(Lease.objects.filter(name=ENGINE).update, expires_at=over)
            second = await db(held, "second")
            async with leading(second) as awake:
                asleep.take([price(of, 11_500)])
                await until_overtaken(asleep)
                assert await db(states) == ["armed"]
                awake.take([price(of, 11_600)])
                await until(lambda: states() == ["fired"])
    assert await db(told, "price") == ["116.00"]


async def until_overtaken(consumer: Alerts) -> None:
    async with asyncio.timeout(15 * PATIENCE):
        while True:
            try:
                await consumer.turn()
            except Overtaken:
                return
            await asyncio.sleep(0.02)


@pytest.mark.feed(number=4)
async def test_what_was_reached_while_nobody_led_fires_with_its_time(
    alice: User, instruments: dict[str, Instrument]
) -> None:
    """The price has gone back when the next leader sees a first one."""
    of, by = instruments["BTC-USD"], await db(held)
    listing = listing_of(of)
    tick = simulator.TICK_MS * 1000
    ticks, prices = _hill(listing, now() // tick)
    last, high = ticks[-1], max(prices)
    row = await db(_armed_at, alice, of, high, prices[0], ticks[0] * tick)
    async with leading(by) as consumer:
        consumer.take([Accepted(of.pk, of.symbol, prices[-1], last * tick, "simulator")])
        await until(lambda: states() == ["fired"])
    [as_of] = await db(told, "as_of")
    reached = ticks[prices.index(high)] * tick
    assert datetime.fromisoformat(as_of) == moment_of(reached)
    await db(row.refresh_from_db)
    assert row.fire_count == 1


def _hill(listing: Listing, last: int) -> tuple[range, list[int]]:
    """Return ticks whose prices are highest in between, with the prices."""
    for first in range(last - 120, last - 1_200, -7):
        ticks = range(first, last - (last - first) // 2)
        prices = [rounded(simulator.price_at(listing, each), listing.decimals) for each in ticks]
        if max(prices) > max(prices[0], prices[-1]):
            return ticks, prices
    raise AssertionError("There is no hill.")


def _armed_at(user: User, of: Instrument, threshold: int, price: int, at: int) -> PriceAlert:
    """Store an alert that is armed, and that prices were judged up to that time."""
    AlertCursor.objects.create(
        instrument=of, price=price, at=moment_of(at), source="simulator", epoch=0
    )
    return PriceAlert.objects.create(
        user=user, instrument=of, kind="price_above", threshold=threshold, cooldown_seconds=300,
        state="armed", armed_price=price, armed_as_of=moment_of(at),
    )  # fmt: skip


async def test_a_new_leader_goes_on_with_what_waits(alice: User) -> None:
    of, by = await db(coin), await db(held)

    def rows() -> None:
        armed(alert(alice, "110"))
        waits = armed(alert(alice, "110", mode="repeat", cooldown_seconds=1, hysteresis="1"))
        waits.state = "waiting_rearm"
        waits.last_fired_as_of = datetime.now(UTC) - timedelta(hours=1)
        waits.save()

    await db(rows)
    async with leading(by) as consumer:
        assert len(consumer) == 2
        consumer.take([price(of, 10_950), price(of, 10_900), price(of, 11_000)])
        await until(lambda: states() == ["fired", "waiting_rearm"])
    assert await db(Notification.objects.count) == 2


async def test_one_that_fires_at_once_is_armed_again_after_its_way_back(alice: User) -> None:
    """Its user had it fire, without the engine."""
    of, by = await db(coin), await db(held)
    async with leading(by) as consumer:
        await db(alert, alice, "90", mode="repeat", cooldown_seconds=1, if_true="fire")
        # The engine keeps it just after its row says so.
        await until(lambda: states() == ["waiting_rearm"] and len(consumer) == 1)
        at = now() + 2_000_000
        consumer.take([price(of, 9_500, at), price(of, 8_900, at + 1), price(of, 9_100, at + 2)])
        await until(lambda: states() == ["waiting_rearm"] and Notification.objects.count() == 2)
    assert await db(told, "price") == ["100.00", "91.00"]


async def test_a_shorter_cooldown_holds_for_one_that_waits_already(alice: User) -> None:
    of, by = await db(coin), await db(held)
    async with leading(by) as consumer:
        await db(alert, alice, "110", mode="repeat", cooldown_seconds=86_400)
        await until(lambda: states() == ["armed"])
        at = now()
        consumer.take([price(of, 11_000, at), price(of, 10_000, at + 2_000_000)])
        await until(lambda: states() == ["waiting_rearm"])
        row = await db(PriceAlert.objects.get)
        more = {"cooldown_seconds": 1}
        await db(alert_change, user_id=alice.pk, alert_id=row.pk, version=row.version, changes=more)
        # It waits twice: for the end of either cooldown.
        await until(lambda: states() == ["waiting_rearm"] and len(consumer) == 2)
        consumer.take([price(of, 10_000, at + 3_000_000), price(of, 11_100, at + 3_000_001)])
        await until(lambda: PriceAlert.objects.get().fire_count == 2)
    assert await db(told, "price") == ["110.00", "111.00"]


async def test_how_far_prices_were_judged_is_noted(alice: User) -> None:
    of, by = await db(coin), await db(held)
    async with leading(by) as consumer:
        await db(alert, alice)
        await until(lambda: states() == ["armed"])
        before = await db(lambda: AlertCursor.objects.get().at)
        at = now()
        consumer.take([price(of, 10_100, at)])
        await until(lambda: AlertCursor.objects.get().at == moment_of(at))
        assert before < moment_of(at)
    cursor = await db(AlertCursor.objects.get)
    assert (cursor.price, cursor.source, cursor.epoch) == (10_100, "kraken", by.epoch)


@pytest.mark.feed(number=14)
async def test_a_halted_price_fires_nothing(alice: User) -> None:
    of, by = await db(coin), await db(held)
    async with leading(by) as consumer:
        consumer.take([FeedChange(of.pk, of.symbol, Feed.HALTED, now())])
        await db(alert, alice)
        await until(lambda: states() == ["armed"])
        consumer.take([price(of, 11_500)])
        await asyncio.sleep(0.2)
        assert await db(states) == ["armed"]
        consumer.take([FeedChange(of.pk, of.symbol, Feed.LIVE, now()), price(of, 11_500)])
        await until(lambda: states() == ["fired"])


async def test_a_change_is_reckoned_from_the_reference_of_the_source(alice: User) -> None:
    of, by = await db(coin), await db(held)  # 80.00 a day ago
    async with leading(by) as consumer:
        await db(alert, alice, "30", kind="change_above", window="24h")
        await db(alert, alice, "20", kind="volume_above")
        await until(lambda: states() == ["armed"] * 2)
        consumer.take([price(of, 10_399, day_volume=1_999_999_999)])
        await asyncio.sleep(0.2)
        assert await db(states) == ["armed"] * 2
        consumer.take([price(of, 10_400, day_volume=2_000_000_000)])
        await until(lambda: states() == ["fired"] * 2, seconds=30)
    assert await db(told, "value") == ["30.00", "20"]


async def test_changes_that_no_source_names_are_reckoned_from_candles(alice: User) -> None:
    """So a new leader knows the price of an hour ago, and the last close, at once."""
    of, by = await db(coin), await db(held)

    def candles() -> None:
        hour = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=61)
        day = hour.replace(hour=0, minute=0) - timedelta(days=1)
        for minutes, bucket, close in ((1, hour, 5_000), (1440, day, 4_000)):
            prices = dict.fromkeys(("open", "high", "low", "close"), close)
            Candle.objects.create(
                instrument=of, minutes=minutes, bucket=bucket, is_closed=True,
                is_indicative=False, source="kraken", **prices,
            )  # fmt: skip

    await db(candles)
    async with leading(by) as consumer:
        await db(alert, alice, "110", kind="change_above", window="1h")
        await db(alert, alice, "170", kind="change_above", window="session")
        await until(lambda: states() == ["armed"] * 2)
        consumer.take([price(of, 10_600)])
        await until(lambda: states() == ["fired", "armed"], seconds=30)
        consumer.take([price(of, 10_900)])
        await until(lambda: states() == ["fired"] * 2)
    assert await db(told, "value") == ["112.00", "172.50"]


async def test_the_change_of_an_hour_is_never_that_of_a_day(alice: User) -> None:
    """No candle of a minute is known yet, but the last close is."""
    of, by = await db(coin), await db(held)

    def candle() -> None:
        day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        Candle.objects.create(
            instrument=of, minutes=1440, bucket=day - timedelta(days=1), is_closed=True,
            is_indicative=False, source="kraken", open=4_000, high=4_000, low=4_000, close=4_000,
        )  # fmt: skip

    await db(candle)
    async with leading(by) as consumer:
        await db(alert, alice, "50", kind="change_above", window="1h")
        await db(alert, alice, "160", kind="change_above", window="session")
        await until(lambda: states() == ["armed"] * 2)
        consumer.take([price(of, 10_600)])
        await until(lambda: states()[1] == "fired", seconds=30)
        assert await db(states) == ["armed", "fired"]


async def test_a_price_of_before_it_was_armed_hides_none_that_follows(alice: User) -> None:
    """A new leader may know an older price than that at which the former one armed it."""
    old = datetime.now(UTC) - timedelta(minutes=5)
    of, by = await db(coin, as_of=old), await db(held)
    row = await db(lambda: armed(alert(alice)))
    assert row.armed_as_of is not None
    at = microseconds_of(row.armed_as_of)
    async with leading(by) as consumer:
        consumer.take([price(of, 11_200, at - 1), price(of, 11_100, at + 1), price(of, 10_000)])
        await until(lambda: states() == ["fired"])
    assert await db(told, "price") == ["111.00"]
