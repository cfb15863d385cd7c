"""Staff's list of payments over HTTP: the list, why, and decisions by two."""

from __future__ import annotations

import json

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from hoardrun.ledger.models import Account
from tests.clients import api_as, staff_with
from tests.hoardrun.payments.carrying import money
from tests.hoardrun.payments.queue.support import SECRETS, held
from tests.hoardrun.tools import problem

API = "/api/v1/payments"
NOBODY = "6f1a3c52-0e0b-4a3e-9d2f-0c5b6f1d7a10"


def test_the_list_has_what_waits_and_how_much(ugx: Account, dora: User):
    row, other = held(ugx), held(ugx)
    client = api_as(staff_with(dora, "view_providerpayment"))
    body = client.get(f"{API}/queue").json()
    assert (body["counts"], body["unmatched"]) == (
        {"approval": 0, "held": 2, "unknown": 0, "ended": 0},
        0,
    )
    assert [one["id"] for one in body["results"]] == [str(row.pk), str(other.pk)]
    first = body["results"][0]
    assert (first["amount"], first["told_text"], first["user"]) == ("5000", "UGX 4,500", "bob")
    assert (first["reason"], first["number"]) == ("amount", "•••• 4567")
    assert len(client.get(f"{API}/queue?limit=1&skip=1").json()["results"]) == 1
    assert client.get(f"{API}/queue?what=ended&provider=mtn").json()["results"] == []
    problem(client.get(f"{API}/queue?what=all"), 400, "invalid_input", "what")
    problem(client.get(f"{API}/queue?limit=0"), 400, "invalid_input", "limit")
    problem(api_as(ugx.user).get(f"{API}/queue"), 403)


def test_why_is_masked_unless_one_may_read(ugx: Account, dora: User):
    row = held(ugx)
    client = api_as(staff_with(dora, "view_paymentstep"))
    body = client.get(f"{API}/{row.pk}/why").json()
    assert (body["state"], body["actions"]) == ("held", ["accept", "refund", "reject"])
    assert [step["to_state"] for step in body["steps"]] == ["submitted", "held"]
    assert body["callbacks"][0]["verdict"] == "unproven"
    assert not any(secret in json.dumps(body) for secret in SECRETS)
    problem(client.get(f"{API}/{row.pk}/why?content=true"), 403, "forbidden")
    client = api_as(staff_with(dora, "view_paymentstep", "view_paymentreceipt"))
    body = client.get(f"{API}/{row.pk}/why?content=true").json()
    assert all(secret in body["callbacks"][0]["raw"] for secret in SECRETS)
    note = "and read what its provider sent over the API"
    assert note in LogEntry.objects.latest("pk").change_message
    for nobody in (NOBODY, "x"):
        problem(client.get(f"{API}/{nobody}/why"), 404, "payment_not_found")
    problem(api_as(ugx.user).get(f"{API}/{row.pk}/why"), 403)


def test_one_asks_and_another_one_approves(ugx: Account, dora: User, erin: User):
    row = held(ugx)
    asks = api_as(staff_with(dora, "add_staffdecision"))
    decides = api_as(staff_with(erin, "change_staffdecision"))
    url = f"{API}/{row.pk}/decisions"
    wanted = {"action": "accept", "amount": "4500", "why": "It is in their portal."}
    problem(decides.post(url, wanted, format="json"), 403)
    problem(asks.post(url, {**wanted, "why": " "}, format="json"), 400, "invalid_input", "why")
    answer = asks.post(url, wanted, format="json")
    assert answer.status_code == 201
    asked = answer.json()
    assert (asked["state"], asked["amount"], asked["asked_by"]) == ("asked", "4500", "dora")
    problem(asks.post(url, wanted, format="json"), 409, "decided_already")
    one = f"{url}/{asked['id']}"
    problem(asks.post(one, {"approve": True}, format="json"), 403, "forbidden")
    problem(
        decides.post(f"{API}/{NOBODY}/decisions/{asked['id']}", {"approve": True}, format="json"),
        404,
    )
    answer = decides.post(one, {"approve": True}, format="json")
    assert (answer.status_code, answer.json()["decided_by"]) == (200, "erin")
    assert money(ugx) == (54_500, 54_500)
    problem(decides.post(one, {"approve": False}, format="json"), 409, "decided_already")


def test_nobody_approves_what_they_have_asked_for(ugx: Account, dora: User):
    row = held(ugx)
    both = api_as(staff_with(dora, "add_staffdecision", "change_staffdecision"))
    url = f"{API}/{row.pk}/decisions"
    asked = both.post(url, {"action": "reject", "why": "Nothing came."}, format="json").json()
    one = f"{url}/{asked['id']}"
    problem(both.post(one, {"approve": True}, format="json"), 403, "second_person")
    assert both.post(one, {"approve": False}, format="json").json()["decided_by"] is None
