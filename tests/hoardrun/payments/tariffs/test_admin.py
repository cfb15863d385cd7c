"""Tariffs and limits in the admin: added, ended with a history, taken back before they begin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from hoardrun.payments.tariffs.models import ProviderFee, ProviderLimit
from hoardrun.payments.tariffs.selectors import today
from tests.clients import browser_as, said, staff_with
from tests.hoardrun.payments.tariffs.support import ABOUT, fee
from tests.services.admin_log import act_of

FEES, LIMITS = "/admin/payments/providerfee/", "/admin/payments/providerlimit/"
DAY = timedelta(days=1)


@pytest.fixture
def clerk(dora: User) -> Client:
    rights = ("view", "add", "change", "delete")
    return browser_as(
        staff_with(
            dora, *(f"{right}_provider{what}" for right in rights for what in ("fee", "limit"))
        )
    )


def form(**more: Any) -> dict[str, Any]:
    begin = today().isoformat()
    return {**ABOUT, "valid_from": begin, "valid_to": "", **more}


def band(**more: Any) -> dict[str, Any]:
    return form(least="1", most="100", fixed="7", percent="0", payer="us", **more)


def test_staff_add_a_band_and_a_limit(clerk: Client):
    clerk.post(f"{FEES}add/", band())
    clerk.post(f"{LIMITS}add/", form(tier="new", least="", most="1000", per_day=""))
    assert ProviderFee.objects.get().fixed == 7
    assert (ProviderLimit.objects.get().tier, ProviderLimit.objects.get().most) == ("new", 1000)
    assert "daraja" in clerk.get(FEES, {"q": "daraja"}).content.decode()


def test_a_refusal_is_a_sentence_and_nothing_is_written(clerk: Client):
    clerk.post(f"{FEES}add/", band(), follow=True)
    again = clerk.post(f"{FEES}add/", band())
    assert (again.status_code, "errornote" in again.content.decode()) == (200, True)
    [why] = said(clerk.post(f"{FEES}add/", {**band(), "least": "50"}, follow=True))
    assert "overlap" in why
    assert ProviderFee.objects.count() == 1


def test_an_end_stands_in_the_history(clerk: Client):
    row = fee("1", "100")
    page, end = f"{FEES}{row.pk}/change/", (today() + DAY).isoformat()
    late = clerk.post(page, {"valid_to": today().isoformat()})
    assert "after today" in late.content.decode()
    assert clerk.post(page, {"valid_to": end, "fixed": "9"}).status_code == 302
    row.refresh_from_db()
    assert (row.valid_to, row.fixed) == (today() + DAY, 0)
    assert act_of(LogEntry.objects.get().change_message) == f"valid_to: open → {end}"


def test_only_what_has_not_begun_is_taken_back(clerk: Client):
    held, future = fee("1", "100"), fee("101", "200", valid_from=today() + DAY)
    for row in (held, future):
        clerk.post(f"{FEES}{row.pk}/delete/", {"post": "yes"})
    assert list(ProviderFee.objects.all()) == [held]
