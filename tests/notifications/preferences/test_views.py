"""Preferences over HTTP: what holds and why, versions, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.delivery import people
from notifications.kinds import all_kinds
from notifications.models import Consent, PreferenceChange
from notifications.policy.decide import judge
from notifications.policy.facts import Skip
from notifications.preferences.former import TYPES
from realtime import clock
from tests.clients import api_as
from tests.hoardrun.tools import problem
from tests.notifications.policy.support import POLICY, WELL, ladder

URL = "/api/v1/preferences"
FORMER = "/api/v1/notifications/preferences"
CONSENTS = "/api/v1/consents"
NIGHT = [{"start": "22:00", "end": "07:00", "days": 127}]


def cell(body: dict[str, Any], kind: str, channel: str) -> dict[str, Any]:
    """Find one cell of the matrix."""
    kinds = {row["kind"]: row for group in body["matrix"] for row in group["kinds"]}
    found: dict[str, Any] = kinds[kind]["channels"][channel]
    return found


def test_it_says_what_holds_and_why(alice):
    answer = api_as(alice).get(URL)
    body = answer.json()
    assert (answer["ETag"], body["version"], body["cells"]) == ('"0"', 0, {})
    locked = {"value": True, "source": "required", "required": True, "locked": "required"}
    assert cell(body, "security.general", "sms") == locked
    assert cell(body, "savings.general", "push")["source"] == "default"
    assert cell(body, "marketing.general", "email")["value"] is False
    groups = {group["category"]: group for group in body["matrix"]}
    assert groups["marketing"]["needs_consent"] is True
    assert groups["savings"]["digestible"] is True
    assert "sms" not in next(
        row["channels"] for row in groups["savings"]["kinds"] if row["kind"] == "savings.general"
    )


def test_it_names_the_kinds_in_the_language_that_was_chosen(alice):
    def title() -> str:
        groups = api_as(alice).get(URL).json()["matrix"]
        rows = {row["kind"]: row for group in groups for row in group["kinds"]}
        return str(rows["transaction.credit"]["title"])

    assert title() == "Money received"
    api_as(alice).patch(URL, {"locale": "sw-KE"}, headers={"If-Match": "*"})
    assert title() == "Pesa zilizopokelewa"


def test_a_page_asks_for_titles_in_its_own_language(alice):
    client = api_as(alice)
    client.patch(URL, {"locale": "sw"}, headers={"If-Match": "*"})
    change = {"cells": {"all": {"sms": False}}}
    changed = client.patch(f"{URL}?language=fr", change, headers={"If-Match": "*"})
    for body in (client.get(f"{URL}?language=fr").json(), changed.json()):
        [group] = [group for group in body["matrix"] if group["category"] == "savings"]
        assert group["title"] == "Épargne"
        assert group["kinds"][0]["title"].startswith("Autres messages")
    problem(client.get(f"{URL}?lang=fr"), 400, "invalid_input", "lang")


def test_one_switch_is_changed_by_patch(alice):
    client = api_as(alice)
    change = {"cells": {"category:savings": {"push": False}}}
    answer = client.patch(URL, change, headers={"If-Match": '"0"'})
    assert (answer.status_code, answer["ETag"]) == (200, '"1"')
    found = cell(answer.json(), "savings.general", "push")
    assert (found["value"], found["source"]) == (False, "category")
    back = {"cells": {"category:savings": {"push": None}}}
    answer = client.patch(f"{URL}/", back, headers={"If-Match": answer["ETag"]})
    assert (answer.json()["cells"], answer["ETag"]) == ({}, '"2"')


def test_what_is_read_can_be_put_back(alice):
    client = api_as(alice)
    wanted = {
        "cells": {"all": {"sms": False}},
        "quiet": NIGHT,
        "digests": {"savings": "daily"},
        "zone": "Africa/Kampala",
        "locale": "lg",
        "muted_until": None,
        "hide_amounts": True,
        "sms_above": "500000",
        "sms_above_currency": "UGX",
    }
    put = client.put(URL, wanted, headers={"If-Match": '"0"'})
    read = client.get(URL).json()
    assert put.json() == read
    assert {name: read[name] for name in wanted} == wanted
    again = client.put(URL, wanted, headers={"If-Match": '"1"'})
    assert again["ETag"] == '"1"'
    assert client.put(URL, {}, headers={"If-Match": "*"}).json()["quiet"] == []


@pytest.mark.reported(number=5)
@pytest.mark.reported(number=13)
@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"cells": {"all": {"push": False, "sms": True}, "category:transaction": {"push": True}}},
        {"cells": {"category:kyc": {"email": False}, "kind:transaction.debit": {"email": True}}},
        {"muted_until": "2040-01-01T00:00:00Z", "cells": {"all": {"sms": False}}},
        {"digests": {"savings": "daily"}, "quiet": NIGHT, "zone": "Africa/Kampala"},
    ],
)
def test_what_it_shows_is_what_is_sent(alice, wanted: dict[str, Any]):
    assert api_as(alice).put(URL, wanted, headers={"If-Match": "*"}).status_code == 200
    shown = api_as(alice).get(URL).json()
    now = clock.now()
    chosen = people.load([alice.pk], now)[alice.pk].chosen
    values = set()
    for kind in all_kinds():
        for number, rung in enumerate(kind.ladder):
            found = judge(number, ladder(kind, now), WELL, chosen, POLICY, now)
            value = cell(shown, kind.name, rung.channel)["value"]
            assert value is not isinstance(found, Skip), (kind.name, rung.channel, found)
            values.add(value)
    assert values == {True, False}


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_change_names_the_version_it_changes(alice, method: str):
    client = api_as(alice)
    send = getattr(client, method)
    problem(send(URL, {"locale": "sw"}), 428, "version_missing")
    for wrong in ("0", 'W/"0"', '"a"', '"0", "1"'):
        problem(send(URL, {"locale": "sw"}, headers={"If-Match": wrong}), 400, "", "If-Match")
    assert send(URL, {"locale": "sw"}, headers={"If-Match": '"0"'}).status_code == 200
    refused = problem(
        send(URL, {"locale": "fr"}, headers={"If-Match": '"0"'}), 412, "version_changed"
    )
    assert refused["version"] == 1
    assert client.get(URL).json()["locale"] == "sw"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cells": {"all": {"push": "no"}}}, "cells.all.push"),
        ({"cells": {"all": {"fax": True}}}, "cells.all.fax"),
        ({"cells": {"kind:none": {"push": True}}}, "cells.kind:none"),
        ({"cells": {"kind:security.general": {"sms": False}}}, "cells.kind:security.general.sms"),
        ({"quiet": [{"start": "07:00", "end": "07:00"}], "zone": "UTC"}, "quiet.0.end"),
        ({"quiet": NIGHT}, "zone"),
        ({"quiet": [{"start": "7", "end": "07:00"}]}, "quiet.0.start"),
        ({"quiet": NIGHT * 15}, "quiet"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": None}, "zone"),
        ({"locale": "klingon"}, "locale"),
        ({"muted_until": "tomorrow"}, "muted_until"),
        ({"hide_amounts": 1}, "hide_amounts"),
        ({"sms_above": 5, "sms_above_currency": "KES"}, "sms_above"),
        ({"sms_above": "5"}, "sms_above"),
        ({"digests": {"security": "daily"}}, "digests.security"),
        ({"digests": {"savings": "hourly"}}, "digests.savings"),
        ({"version": 4}, "version"),
    ],
)
def test_what_is_wrong_is_named_and_writes_nothing(alice, change: dict[str, Any], field: str):
    answer = api_as(alice).patch(URL, change, headers={"If-Match": "*"})
    problem(answer, 400, "invalid_input", field)
    assert not PreferenceChange.objects.exists()


def test_the_record_says_who_and_from_where(alice):
    api_as(alice).patch(URL, {"locale": "sw"}, headers={"If-Match": "*"}, REMOTE_ADDR="203.0.113.9")
    change = PreferenceChange.objects.get()
    assert (change.actor, change.source) == (f"user:{alice.pk}", "api")
    assert change.address == "203.0.113.9"


def test_older_clients_have_their_shape(alice):
    client = api_as(alice)
    body = client.get(FORMER).json()
    assert body.keys() >= {*TYPES, "push", "sms", "email", "timezone"}
    changed = client.put(FORMER, {**body, "savings": False, "timezone": "Africa/Nairobi"}).json()
    assert changed == {**body, "savings": False, "timezone": "Africa/Nairobi"}
    assert client.get(URL).json()["cells"]["category:savings"]["email"] is False
    problem(client.put(FORMER, {"savings": "no"}), 400, "invalid_input", "savings")
    problem(client.put(FORMER, {"quiet_hours_start": "25:00"}), 400, "", "quiet_hours_start")


def test_consent_is_given_listed_and_taken_back(alice, bob):
    client = api_as(alice)
    asked = {"category": "marketing", "channel": "push", "granted": True, "wording": "Offers?"}
    assert client.post(CONSENTS, asked).status_code == 201
    assert cell(client.get(URL).json(), "marketing.general", "push")["value"] is True
    assert client.post(CONSENTS, {**asked, "granted": False}).status_code == 201
    [newest] = client.get(CONSENTS).json()
    assert (newest["channel"], newest["granted"]) == ("push", False)
    assert cell(client.get(URL).json(), "marketing.general", "push")["value"] is False
    assert api_as(bob).get(CONSENTS).json() == []
    for wrong, field in (({"wording": ""}, "wording"), ({"category": "none"}, "category")):
        problem(client.post(CONSENTS, {**asked, **wrong}), 400, "invalid_input", field)
    assert Consent.objects.count() == 2
