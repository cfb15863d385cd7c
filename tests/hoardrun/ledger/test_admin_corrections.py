"""Corrections in the admin: one person asks, another approves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hoardrun.ledger.corrections.models import Correction
from hoardrun.ledger.models import Account
from tests.clients import act, browser_as, said, staff_with
from tests.hoardrun.ledger.conftest import balances
from tests.hoardrun.ledger.journal.conftest import lines

CORRECTIONS = "/admin/ledger/correction/"


@pytest.fixture
def asker(bob: User) -> Client:
    return browser_as(staff_with(bob, "add_correction", "view_account"))


@pytest.fixture
def judge(charlie: User) -> Client:
    charlie.is_superuser = False
    return browser_as(staff_with(charlie, "decide_correction"))


def ask(browser: Client, account: Account, **more: str) -> list[str]:
    form = {"direction": "inbound", "amount": "12.5", "against": "world", "why": "Booked twice"}
    answer = browser.post(
        f"{CORRECTIONS}add/", {"account": account.pk, **form, **more}, follow=True
    )
    return said(answer)


def test_one_asks_and_another_approves(asker: Client, judge: Client, kes: Account):
    ask(asker, kes)
    row = Correction.objects.get()
    assert act(asker, CORRECTIONS, "approve", row) == ["No action selected."]
    assert balances(kes) == (1000, 1000)
    assert "KES 12.50" in judge.get(f"{CORRECTIONS}?waits=1").content.decode()
    [told] = act(judge, CORRECTIONS, "approve", row)
    row.refresh_from_db()
    assert told == f"#{row.pk} approved: transaction #{row.txn_id}."
    assert balances(kes) == (Decimal("1012.5"),) * 2
    page = judge.get(f"{CORRECTIONS}{row.pk}/change/").content.decode()
    assert "Booked twice" in page and 'name="_save"' not in page


def test_what_we_pay_to_a_gateway_is_booked_on_its_float(asker: Client, judge: Client):
    form = {"account": "", "currency": "UGX", "amount": "5", "against": "float", "provider": "mtn"}
    asker.post(f"{CORRECTIONS}add/", {"direction": "inbound", "why": "Paid in", **form})
    row = Correction.objects.get()
    assert act(judge, CORRECTIONS, "approve", row) == [f"#{row.pk} approved."]
    assert lines() == [("funding", "float mtn UGX", "world UGX", 5)]


def test_who_may_do_both_needs_another_one(bob: User, kes: Account):
    both = browser_as(staff_with(bob, "add_correction", "decide_correction", "view_account"))
    ask(both, kes)
    [told] = act(both, CORRECTIONS, "approve", Correction.objects.get())
    assert "another member of staff decides" in told
    assert balances(kes) == (1000, 1000)


def test_who_asked_takes_it_back(asker: Client, kes: Account):
    ask(asker, kes)
    row = Correction.objects.get()
    assert act(asker, CORRECTIONS, "reject", row) == [f"#{row.pk} rejected."]
    row.refresh_from_db()
    assert row.state == "rejected"


def test_a_refusal_is_shown(asker: Client, kes: Account):
    assert "KES 1000.00 is available" in ask(asker, kes, direction="outbound", amount="1001")[0]
    assert not Correction.objects.exists()
