"""The page of statements in the admin: findings, files, and a finding that is closed."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from hoardrun.ledger.models import Account
from hoardrun.payments.reconciling.models import Match
from tests.clients import browser_as, count_queries, said, staff_with
from tests.hoardrun.payments.reconciling.support import day_of, load, row
from tests.services.admin_log import act_of

URL = "/admin/payments/statements/"


@pytest.fixture
def clerk(dora: User) -> Client:
    return browser_as(staff_with(dora, "view_match", "change_match"))


def test_it_shows_findings_and_files(clerk: Client, ugx: Account):
    day = day_of(ugx)
    load(*day.lines)
    few = count_queries(clerk, URL)
    page = clerk.get(URL).content.decode()
    for text in ("UGX 700", "R3", "UGX 300", "Before row 5", str(day.missing.pk), "march.csv"):
        assert text in page, text
    load(*(row(f"X{n}", 1, n) for n in range(1, 9)))
    assert count_queries(clerk, URL) == few


def test_a_finding_is_closed_with_a_reason(clerk: Client, ugx: Account, dora: User):
    load(row("RECEIPT2", 10, 10))
    found = Match.objects.get()
    [why] = said(clerk.post(URL, {"finding": found.pk, "why": ""}, follow=True))
    assert "Say why" in why
    form = {"finding": found.pk, "why": "A deposit of ours."}
    assert said(clerk.post(URL, form, follow=True)) == [f"Closed the finding #{found.pk}."]
    found.refresh_from_db()
    assert found.closed_by_id == dora.pk
    entry = LogEntry.objects.get()
    assert (entry.user_id, act_of(entry.change_message)) == (dora.pk, "Closed: A deposit of ours.")
    assert said(clerk.post(URL, form, follow=True)) == [
        f"The finding {found.pk} is closed already."
    ]
    assert "RECEIPT2" not in clerk.get(URL).content.decode()


def test_who_may_only_look_closes_nothing(dora: User, ugx: Account):
    load(row("R2", 10, 10))
    browser = browser_as(staff_with(dora, "view_match"))
    assert "Close…" not in browser.get(URL).content.decode()
    form = {"finding": Match.objects.get().pk, "why": "No."}
    assert browser.post(URL, form).status_code == 403
    assert Match.objects.get().closed_at is None
    assert browser_as(staff_with(dora, "view_account")).get(URL).status_code == 403
