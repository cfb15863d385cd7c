"""What the engine stores: each fire once, with its notification, inside the lease."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.market import lease
from hoardrun.market.alerts.board import Arms, Fires, Number, Rearms, Waiting
from hoardrun.market.alerts.choices import Metric
from hoardrun.market.alerts.firing import (
    alerts_arm,
    alerts_expire,
    alerts_fire,
    alerts_rearm,
    alerts_wait,
)
from hoardrun.market.alerts.judge import waiting
from hoardrun.market.alerts.models import PriceAlert
from hoardrun.market.alerts.services import alert_change
from hoardrun.market.alerts.times import microseconds_of, moment_of
from hoardrun.market.lease import Overtaken
from hoardrun.market.models import Lease
from notifications.models import Notification
from realtime import clock
from tests.hoardrun.market.alerts.test_services import told
from tests.hoardrun.market.alerts.tools import ENGINE, alert, armed, coin, held, seen


def overtaken() -> lease.Held:
    """Return a lease that another process has taken over since."""
    before = held("one")
    Lease.objects.filter(name=ENGINE).update(expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    held("two")
    return before


def test_it_fires_once_with_a_notification_that_says_what_was_seen(alice: User) -> None:
    coin()
    row, leader = armed(alert(alice, note="Sell")), held()
    at = microseconds_of(datetime.now(UTC))
    assert alerts_fire(leader, seen(row, price=11_050, at=at), "kraken") == ([], [])
    row.refresh_from_db()
    assert (row.state, row.fire_count, row.version) == ("fired", 1, 2)
    assert row.last_fired_as_of == moment_of(at)
    [told_of] = Notification.objects.all()
    assert told_of.metadata == {
        "alert": str(row.pk), "symbol": "BTC-USD", "kind": "price_above", "threshold": "110.00",
        "price": "110.50", "source": "kraken", "as_of": told_of.metadata["as_of"],
    }  # fmt: skip
    assert told_of.title == "Price alert: BTC-USD"
    assert "$110.00" in told_of.message and "$110.50" in told_of.message
    assert told_of.message.endswith("kraken. Sell")
    assert told(alice)[-1]["alert"]["fire_count"] == 1
    assert alerts_fire(leader, seen(row, price=11_060), "kraken") == ([], [])
    assert Notification.objects.count() == 1


@pytest.mark.feed(number=10)
def test_a_leader_that_was_overtaken_changes_no_row(alice: User) -> None:
    """The first leader wakes after the second took over."""
    coin()
    row, waits = armed(alert(alice)), alert(alice, "120")
    before = overtaken()
    rows = list(PriceAlert.objects.order_by("pk").values())
    calls: list[Any] = [
        lambda: alerts_fire(before, seen(row), "kraken"),
        lambda: alerts_arm(before, Arms([waits.pk], [1], 10_000, 1)),
        lambda: alerts_rearm(before, Rearms([row.pk], Metric.PRICE, 10_000, 1)),
        lambda: alerts_wait(before, {row.pk: 1}),
        lambda: alerts_expire(before),
    ]
    for call in calls:
        with pytest.raises(Overtaken):
            call()
    assert list(PriceAlert.objects.order_by("pk").values()) == rows
    assert not Notification.objects.exists()


def test_the_row_decides_where_memory_is_behind(alice: User) -> None:
    coin()
    leader = held()
    paused = armed(alert(alice))
    alert_change(user_id=alice.pk, alert_id=paused.pk, version=1, changes={"paused": True})
    moved = armed(alert(alice, "130"))
    expired = armed(alert(alice))
    PriceAlert.objects.filter(pk=expired.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    gone = armed(alert(alice))
    pk = gone.pk
    gone.delete()
    gone.pk = pk
    found = alerts_fire(leader, seen(paused, moved, expired, gone), "kraken")
    assert (found.waiting, [row.pk for row in found.kept]) == ([], [moved.pk])
    assert PriceAlert.objects.get(pk=expired.pk).state == "expired"
    assert not Notification.objects.exists()


def test_a_price_of_before_it_was_armed_does_not_concern_it(alice: User) -> None:
    coin()
    row, leader = armed(alert(alice), ago=timedelta(minutes=5)), held()
    assert row.armed_as_of is not None
    at = microseconds_of(row.armed_as_of)
    assert [each.pk for each in alerts_fire(leader, seen(row, at=at - 1), "kraken").kept] == [
        row.pk
    ]
    since_before = seen(row, at=at + 10, since=at - 1)
    assert [each.pk for each in alerts_fire(leader, since_before, "kraken").kept] == [row.pk]
    assert alerts_fire(leader, seen(row, at=at + 10, since=at), "kraken").kept == []
    [told_of] = Notification.objects.all()
    assert len(told_of.metadata["between"]) == 2
    assert "between" in told_of.message


def test_one_that_was_reached_before_its_end_fires_after_it(alice: User) -> None:
    """Its price was missed, and is told later."""
    coin()
    rows, leader = [armed(alert(alice)) for _ in range(3)], held()
    now = clock.now().replace(microsecond=0)
    for row, seconds in zip(rows, (20, 19, 1_000), strict=True):
        PriceAlert.objects.filter(pk=row.pk).update(expires_at=now - timedelta(seconds=seconds))
    btc = rows[0].instrument_id
    assert alerts_expire(leader, {btc}) == 1
    reached = microseconds_of(now - timedelta(seconds=20))
    assert alerts_fire(leader, seen(*rows, at=reached), "kraken") == ([], [])
    states = PriceAlert.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["expired", "fired", "expired"]  # its end itself is too late


def test_of_prices_that_were_missed_the_first_that_concerns_it_is_told(alice: User) -> None:
    coin()
    row, leader = armed(alert(alice)), held()
    assert row.armed_as_of is not None
    at = microseconds_of(row.armed_as_of)
    values = enumerate((11_300, 10_900, 11_200, 11_400), at - 1)
    numbers = [Number(value, value, when) for when, value in values]
    alerts_fire(leader, Fires([row.pk], Metric.PRICE, numbers), "kraken")
    assert [told_of.metadata["price"] for told_of in Notification.objects.all()] == ["112.00"]


def test_a_repeated_one_waits_is_armed_again_and_fires_again(alice: User) -> None:
    coin()
    row, leader = armed(alert(alice, mode="repeat", urgent=True)), held()
    for _ in range(2):  # the answer to the first may be lost on its way
        assert [each.pk for each in alerts_fire(leader, seen(row), "kraken").waiting] == [row.pk]
        row.refresh_from_db()
        assert (row.state, row.fire_count) == ("waiting_rearm", 1)
    assert row.last_fired_as_of is not None
    fired_at = microseconds_of(row.last_fired_as_of)
    ready_at = fired_at + 300 * 1_000_000
    assert waiting(row) == Waiting(row.pk, Metric.PRICE, True, 11_000, 10_989, fired_at, ready_at)
    early = Rearms([row.pk], Metric.PRICE, 10_900, ready_at - 1)  # decided for a former firing
    assert [each.pk for each in alerts_rearm(leader, early)] == [row.pk]
    row.refresh_from_db()
    assert row.state == "waiting_rearm"
    assert alerts_rearm(leader, Rearms([row.pk], Metric.PRICE, 10_900, ready_at)) == []
    row.refresh_from_db()
    assert (row.state, row.armed_price) == ("armed", 10_900)
    alerts_fire(leader, seen(row, at=ready_at), "kraken")
    keys = sorted(Notification.objects.values_list("key", "kind"))
    assert keys == [(f"alert:{row.pk}:{n}", "market.urgent_alert") for n in (1, 2)]


def test_what_its_user_had_fire_waits_if_it_has_not_changed(alice: User) -> None:
    coin()
    first, second = (alert(alice, "90", mode="repeat", if_true="fire") for _ in range(2))
    plain, leader = alert(alice), held()
    alert_change(user_id=alice.pk, alert_id=second.pk, version=2, changes={"note": "Sell"})
    versions = {first.pk: 2, second.pk: 2, plain.pk: 1}
    assert [row.pk for row in alerts_wait(leader, versions)] == [first.pk]
    states = PriceAlert.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["waiting_rearm", "pending", "pending"]


def test_it_arms_what_waits_and_has_not_changed(alice: User) -> None:
    coin()
    first, second, leader = alert(alice), alert(alice, "120"), held()
    alert_change(user_id=alice.pk, alert_id=second.pk, version=1, changes={"threshold": "130"})
    at = microseconds_of(datetime.now(UTC))
    wanted = Arms([first.pk, second.pk], [1, 1], 10_000, at)
    found = alerts_arm(leader, wanted, is_suspended=True)
    assert [row.pk for row in found] == [first.pk]
    assert told(alice)[-1]["alert"]["state"] == "armed"
    assert told(alice)[-1]["alert"]["suspended"] is True
    second.refresh_from_db()
    assert second.state == "pending"


def test_alerts_expire_by_the_time_of_the_database(alice: User) -> None:
    coin()
    over, later = armed(alert(alice)), alert(alice)
    for row, seconds in ((over, -1), (later, 60)):
        expires_at = clock.now() + timedelta(seconds=seconds)
        PriceAlert.objects.filter(pk=row.pk).update(expires_at=expires_at)
    assert alerts_expire(held()) == 1
    states = list(PriceAlert.objects.order_by("pk").values_list("state", "version"))
    assert states == [("expired", 2), ("pending", 1)]
    assert told(alice)[-1]["alert"]["state"] == "expired"


def test_many_alerts_of_several_users_fire_oldest_first(alice: User, bob: User) -> None:
    coin()
    rows = [armed(alert(user)) for user in (alice, bob, alice)]
    assert alerts_fire(held(), seen(*rows), "kraken") == ([], [])
    keys = list(Notification.objects.order_by("pk").values_list("key", flat=True))
    assert keys == [f"alert:{row.pk}:1" for row in rows]
    assert Notification.objects.filter(user=alice).count() == 2
