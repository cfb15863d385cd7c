"""Alerts over HTTP: everybody has their own."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.market.alerts.models import PriceAlert
from tests.clients import api_as
from tests.hoardrun.market.alerts.tools import coin
from tests.hoardrun.tools import problem

URL = "/api/v1/price-alerts"
BODY: dict[str, Any] = {"symbol": "BTC-USD", "kind": "price_above", "threshold": "110"}


def test_an_alert_is_created_read_changed_and_removed(alice: User, bob: User) -> None:
    coin()
    client, stranger = api_as(alice), api_as(bob)
    answer = client.post(URL, BODY)
    body = answer.json()
    assert (answer.status_code, body["state"], body["threshold"]) == (201, "pending", "110.00")
    assert (body["symbol"], body["cooldown_seconds"], body["version"]) == ("BTC-USD", 300, 1)
    one = f"{URL}/{body['id']}"
    assert client.get(one).json() == body
    assert client.get(URL).json() == client.get(f"{URL}?symbol=BTC-USD").json() == [body]
    assert stranger.get(URL).json() == []
    for each in (stranger.get(one), stranger.delete(one), client.get(f"{URL}/x")):
        problem(each, 404, "alert_not_found")
    problem(stranger.patch(one, {"version": 1, "note": "x"}), 404, "alert_not_found")
    problem(client.patch(one, {"threshold": "120"}), 400, "invalid_input", "version")
    moved = client.patch(one, {"version": 1, "threshold": "120"}).json()
    assert (moved["threshold"], moved["version"]) == ("120.00", 2)
    old = problem(client.patch(one, {"version": 1, "threshold": "130"}), 412, "alert_changed")
    assert old["version"] == 2
    assert client.delete(one).status_code == 204
    problem(client.delete(one), 404, "alert_not_found")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"threshold": 110}, "threshold"),
        ({"threshold": "110.001"}, "threshold"),
        ({"threshold": "9" * 34}, "threshold"),
        ({"kind": "price"}, "kind"),
        ({"window": "24h"}, "window"),
        ({"window": "1d"}, "window"),
        ({"cooldown_seconds": 1.5}, "cooldown_seconds"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"if_true": "wait"}, "if_true"),
        ({"state": "armed"}, "state"),
        ({"note": "a\x00b"}, "note"),
    ],
)
def test_a_body_that_is_wrong_names_its_field(
    alice: User, more: dict[str, Any], field: str
) -> None:
    coin()
    problem(api_as(alice).post(URL, {**BODY, **more}), 400, "invalid_input", field)
    assert not PriceAlert.objects.exists()


def test_what_is_so_already_says_the_number_and_may_fire(alice: User) -> None:
    coin("100.00")
    client = api_as(alice)
    refused = problem(client.post(URL, {**BODY, "threshold": "99"}), 409, "already_true")
    assert refused["current"] == "100.00"
    fired = client.post(URL, {**BODY, "threshold": "99", "if_true": "fire"}).json()
    assert (fired["state"], fired["fire_count"]) == ("fired", 1)
    [told] = client.get("/api/v1/notifications").json()
    assert (told["type"], told["kind"]) == ("market", "market.price_alert")


def test_an_unknown_symbol_is_not_found(alice: User) -> None:
    body = problem(api_as(alice).post(URL, {**BODY, "symbol": "NONE"}), 404, "instrument_not_found")
    assert body["symbols"] == ["NONE"]
    problem(api_as(alice).get(f"{URL}?symbol=NONE"), 404, "instrument_not_found")


def test_the_snapshot_has_the_alerts(alice: User) -> None:
    coin()
    client = api_as(alice)
    body = client.post(URL, BODY).json()
    assert client.get("/api/v1/snapshot").json()["price_alerts"] == [body]
