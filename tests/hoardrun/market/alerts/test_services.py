"""Users create, change and remove their alerts; what cannot be is refused with its reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.market.alerts import services
from hoardrun.market.alerts.errors import AlertChanged, AlertLimit, AlertNotFound, AlreadyTrue
from hoardrun.market.alerts.models import PriceAlert
from hoardrun.market.alerts.selectors import alert_get, alerts_list, alerts_shown
from hoardrun.market.alerts.services import alert_change, alert_remove
from hoardrun.market.engine.prices import Feed
from hoardrun.market.errors import InstrumentNotFound
from notifications.models import Notification
from realtime.errors import InvalidInput
from tests.hoardrun.ledger.conftest import published
from tests.hoardrun.market.alerts.tools import alert, armed, coin, quote

SOON = datetime.now(UTC) + timedelta(days=1)


def changed(row: PriceAlert, **changes: Any) -> PriceAlert:
    more = {"if_true": changes.pop("if_true")} if "if_true" in changes else {}
    version = changes.pop("version", row.version)
    return alert_change(
        user_id=row.user_id, alert_id=row.pk, version=version, changes=changes, **more
    )


def told(user: User) -> list[dict[str, Any]]:
    return [json.loads(data)["data"] for data in published(user, "price_alert_changed")]


def test_an_alert_waits_to_be_armed_and_all_devices_are_told(alice: User) -> None:
    coin()
    row = alert(alice, "110.5", mode="repeat", hysteresis="1", note=" Sell ", expires_at=SOON)
    assert (row.state, row.threshold, row.hysteresis, row.version) == ("pending", 11_050, 100, 1)
    [shown] = alerts_shown([row])
    assert (shown.threshold, shown.hysteresis, shown.note) == ("110.50", "1.00", "Sell")
    assert (shown.suspended, shown.armed_price, shown.window) == (False, None, None)
    [message] = told(alice)
    assert (message["id"], message["alert"]["state"]) == (str(row.pk), "pending")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"threshold": "110.505"}, "threshold"),
        ({"threshold": "0"}, "threshold"),
        ({"kind": "price_up"}, "kind"),
        ({"kind": "change_above", "threshold": "5"}, "window"),
        ({"kind": "change_above", "threshold": "5", "window": "2h"}, "window"),
        ({"window": "24h"}, "window"),
        ({"hysteresis": "110"}, "hysteresis"),
        ({"mode": "always"}, "mode"),
        ({"cooldown_seconds": 0}, "cooldown_seconds"),
        ({"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}, "expires_at"),
        ({"note": "x" * 141}, "note"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(
    alice: User, more: dict[str, Any], field: str
) -> None:
    coin()
    with pytest.raises(InvalidInput) as refusal:
        alert(alice, **more)
    assert list(refusal.value.errors) == [field]
    assert not PriceAlert.objects.exists()


def test_an_unknown_symbol_is_refused(alice: User) -> None:
    with pytest.raises(InstrumentNotFound):
        alert(alice, symbol="NONE-USD")


def test_what_is_so_already_is_refused_with_the_number(alice: User) -> None:
    coin("100.00")
    for kind, threshold, more, current in (
        ("price_above", "100", {}, "100.00"),
        ("price_below", "100.01", {}, "100.00"),
        ("change_above", "25", {"window": "24h"}, "25.00"),
        ("volume_above", "9.5", {}, "10"),
    ):
        with pytest.raises(AlreadyTrue) as refusal:
            alert(alice, threshold, kind=kind, **more)
        assert refusal.value.extra["current"] == current
    # Nobody knows the change of an hour here, nor of the session: the engine says it.
    for window in ("1h", "session"):
        assert alert(alice, "1", kind="change_above", window=window).state == "pending"


def test_what_is_so_already_may_fire_at_once(alice: User) -> None:
    coin("100.00")
    row = alert(alice, "90", if_true="fire")
    assert (row.state, row.fire_count, row.armed_price) == ("fired", 1, 10_000)
    [notification] = Notification.objects.all()
    assert (notification.type, notification.kind) == ("market", "market.price_alert")
    assert notification.key == f"alert:{row.pk}:1"
    assert told(alice)[-1]["alert"]["state"] == "fired"


def test_nothing_fires_at_once_by_a_price_that_is_not_live(alice: User) -> None:
    coin("100.00", feed=Feed.HALTED)
    row = alert(alice, "90", if_true="fire")
    assert row.state == "pending"
    assert alerts_shown([row])[0].suspended is True


def test_an_alert_without_a_quote_is_suspended(alice: User) -> None:
    coin().quote.delete()
    row = alert(alice, "90")
    assert row.state == "pending"
    assert alerts_shown([row])[0].suspended is True


def test_the_hundred_and_first_alert_is_refused(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = coin()
    fields: dict[str, Any] = {"kind": "price_above", "threshold": 1, "cooldown_seconds": 1}
    PriceAlert.objects.bulk_create(
        PriceAlert(user=alice, instrument=of, **fields) for _ in range(services.MAX_ALERTS)
    )
    with pytest.raises(AlertLimit, match="100 alerts"):
        alert(alice)
    assert alert(bob).state == "pending"
    services._counted.cache_clear()
    monkeypatch.setattr(services, "MAX_ALL", 101)
    with pytest.raises(AlertLimit, match="101 alerts"):
        alert(bob)


def test_another_threshold_arms_it_anew_and_an_old_version_is_refused(alice: User) -> None:
    coin()
    row = armed(alert(alice))
    moved = changed(row, threshold="120")
    assert (moved.state, moved.version, moved.armed_as_of) == ("pending", 2, None)
    with pytest.raises(AlertChanged) as refusal:
        changed(row, threshold="130")
    assert refusal.value.extra["version"] == 2
    assert PriceAlert.objects.get().threshold == 12_000
    with pytest.raises(AlreadyTrue):
        changed(moved, threshold="90")
    assert changed(moved, threshold="90", if_true="fire").state == "fired"


def test_words_may_change_while_it_is_armed(alice: User) -> None:
    coin()
    row = changed(armed(alert(alice)), note="Sell", urgent=True, cooldown_seconds=60)
    assert (row.state, row.note, row.is_urgent, row.cooldown_seconds) == ("armed", "Sell", True, 60)


def test_it_is_paused_and_armed_again_also_after_it_has_fired(alice: User) -> None:
    coin()
    row = changed(armed(alert(alice)), paused=True)
    assert row.state == "paused"
    row = changed(row, threshold="115")
    assert (row.state, row.threshold) == ("paused", 11_500)
    assert changed(row, paused=False).state == "pending"
    row = PriceAlert.objects.get()
    row.state = "fired"
    row.save()
    assert changed(row, note="Again").state == "fired"
    row.refresh_from_db()
    assert changed(row, paused=False).state == "pending"


def test_a_repeated_one_that_waits_has_fired_once_it_is_for_once(alice: User) -> None:
    coin()
    row = armed(alert(alice, mode="repeat"))
    row.state = "waiting_rearm"
    row.save()
    assert changed(row, mode="once").state == "fired"


def test_an_expired_one_waits_again_with_another_time(alice: User) -> None:
    coin()
    row = alert(alice)
    row.state = "expired"
    row.save()
    assert changed(row, expires_at=None).state == "pending"


def test_a_way_back_must_suit_the_new_threshold(alice: User) -> None:
    coin("100.00")
    row = alert(alice, "110", mode="repeat", hysteresis="50")
    quote(row.instrument, "10.00")
    with pytest.raises(InvalidInput, match="hysteresis"):
        changed(row, threshold="40")
    assert changed(row, threshold="40", hysteresis=None).hysteresis is None


def test_everybody_has_their_own(alice: User, bob: User) -> None:
    coin()
    row = alert(alice)
    with pytest.raises(AlertNotFound):
        alert_get(user_id=bob.pk, alert_id=row.pk)
    with pytest.raises(AlertNotFound):
        alert_remove(user_id=bob.pk, alert_id=row.pk)
    assert list(alerts_list(alice.pk, symbol="btc-usd")) == [row]
    assert not alerts_list(bob.pk).exists()
    with pytest.raises(InstrumentNotFound):
        alerts_list(alice.pk, symbol="X")
    alert_remove(user_id=alice.pk, alert_id=str(row.pk))
    assert not PriceAlert.objects.exists()
    assert told(alice)[-1] == {"id": str(row.pk), "alert": None}


def test_a_change_of_the_session_is_reckoned_from_its_close(alice: User) -> None:
    coin("100.00", window="session", previous_close=Decimal("90.00"))
    with pytest.raises(AlreadyTrue) as refusal:
        alert(alice, "11.11", kind="change_above", window="session")
    assert refusal.value.extra["current"] == "11.1111"
