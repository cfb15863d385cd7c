"""The admin's page "Why": who may look and act, what it shows, and that all of it is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from notifications.addresses.values import address_hash
from notifications.models import Delivery, Suppression
from realtime import clock
from tests.clients import browser_as, said, staff_with
from tests.notifications.delivery.support import NUMBER, address
from tests.notifications.trace.support import called, debit, sms
from tests.services.admin_log import act_of

ROOT = "/admin/notifications/notification/"
SEARCH = f"{ROOT}why/"
RESEND = {"resend": "1", "channel": "sms", "why": "It never came.", "on_request": "on"}


@pytest.fixture(autouse=True)
def _with_sms(settings: Any) -> None:
    settings.CHANNELS = {
        "PUBLIC_BASE_URL": "https://api.acme.example", "SMS_PROVIDERS": ("twilio",),
        "SMS_COUNTRIES": ("UG",), "TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM": "+15005550006",
    }  # fmt: skip


def desk(user: User, *rights: str) -> Client:
    return browser_as(staff_with(user, "trace_notification", *rights))


def path(row: Any) -> str:
    return f"{ROOT}{row.pk}/why/"


def page(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def history() -> list[str]:
    return [act_of(entry.get_change_message()) for entry in LogEntry.objects.order_by("pk")]


def test_it_answers_and_keeps_the_look(alice, bob):
    row = debit(alice)
    called(sms(row, state="failed", reason="21211", provider="twilio"), "refused", code="21211")
    found = page(desk(bob), path(row))
    for text in (
        "Nobody is known to have been reached.", "to 0772***001: failed",
        "twilio refused it (21211).", "What would change it", "Committed as event",
    ):  # fmt: skip
        assert text in found
    assert NUMBER not in found and "World" not in found and "Send it again" not in found
    assert history() == ["Looked at its trace in the admin."]


def test_it_takes_a_right_of_its_own(alice, bob):
    row = debit(alice)
    without = browser_as(staff_with(bob, "view_notification", "change_notification"))
    for url in (path(row), SEARCH):
        assert without.get(url).status_code == 403
    assert "Why?" not in page(without, f"{ROOT}{row.pk}/change/")
    assert history() == []


def test_its_text_takes_one_more_right(alice, bob):
    row = debit(alice)
    assert desk(bob).get(f"{path(row)}?content=1").status_code == 403
    reader = desk(bob, "read_traced_text")
    assert "Show what it says" in page(reader, path(row))
    assert "World" in page(reader, f"{path(row)}?content=1")
    assert history()[-1] == "Looked at its trace and read its text in the admin."


def test_what_never_was_is_not_found(bob):
    assert desk(bob).get(f"{ROOT}4711/why/").status_code == 404
    assert desk(bob, "resend_notification").post(f"{ROOT}x/why/", RESEND).status_code == 404


def test_it_is_linked_from_the_notification_the_list_and_the_user(alice, bob):
    row = debit(alice)
    browser = desk(bob, "view_notification", "view_user")
    assert path(row) in page(browser, f"{ROOT}{row.pk}/change/")
    assert SEARCH in page(browser, ROOT)
    assert f"{SEARCH}?user={alice.pk}" in page(browser, f"/admin/auth/user/{alice.pk}/change/")


def test_support_sends_it_again_with_a_reason(alice, bob):
    row = debit(alice, closed_at=clock.now(), reason="exhausted")
    sms(row, state="failed")
    browser = desk(bob, "resend_notification")
    assert "Send it again" in page(browser, path(row))
    [told] = said(browser.post(path(row), RESEND, follow=True))
    new = Delivery.objects.get(resend=1)
    assert told == f"It is sent again by SMS: delivery #{new.pk}."
    assert f"staff:{bob.pk}" in str(new.evidence)
    kept = f"Sent again by sms, as the user has asked: #{new.pk}. It never came."
    assert kept in history()


def test_support_stops_a_ladder_with_a_reason(alice, bob):
    row = debit(alice)
    browser = desk(bob, "change_notification")
    [told] = said(browser.post(path(row), {"stop": "1", "why": "Sent by mistake."}, follow=True))
    assert told.startswith("Its ladder is stopped")
    row.refresh_from_db()
    assert row.reason == "cancelled"
    assert "Stopped its ladder. Sent by mistake." in history()
    assert "Send no more of it" not in page(browser, path(row))


@pytest.mark.parametrize("form", [RESEND, {"stop": "1", "why": "x"}])
def test_acts_take_rights_of_their_own(alice, bob, form):
    row = debit(alice)
    assert desk(bob).post(path(row), form).status_code == 403
    assert history() == []


def test_a_refusal_is_shown_and_keeps_nothing(alice, bob):
    row = debit(alice, closed_at=clock.now(), reason="exhausted")
    browser = desk(bob, "resend_notification")
    for form, why in ((RESEND, "no address"), ({**RESEND, "why": ""}, "why: This field")):
        [told] = said(browser.post(path(row), form, follow=True))
        assert why in told
    assert not Delivery.objects.exists()
    assert not [text for text in history() if text.startswith("Sent")]


# -- search


def test_it_finds_by_user_and_keeps_the_search(alice, bob):
    row = debit(alice)
    browser = desk(bob)
    for name in ("alice", alice.pk):
        assert path(row) in page(browser, f"{SEARCH}?user={name}")
    assert "Nothing was found." in page(browser, f"{SEARCH}?user=alice&until=2020-01-01T00:00")
    assert "There is no user of that name" in page(browser, f"{SEARCH}?user=nobody")
    assert "Enter a valid date" in page(browser, f"{SEARCH}?user=alice&since=x")
    assert history() == ["Searched for what this user got, in the admin."] * 3
    assert LogEntry.objects.filter(object_id=str(alice.pk)).count() == 3


def test_it_finds_by_address_without_writing_it_anywhere(alice, bob):
    digest = address_hash("sms", NUMBER)
    row = debit(alice)
    sms(row, to=address(alice, "sms", NUMBER, hash=digest))
    Suppression.objects.create(
        channel="sms", hash=digest, reason="opted_out", created_at=clock.now()
    )
    found = desk(bob, "lift_suppression").post(SEARCH, {"address": NUMBER}).content.decode()
    assert path(row) in found and "Lift the suppression" in found
    assert f"/admin/notifications/suppression/?q={digest}" in found
    assert NUMBER not in found + "".join(history())


def test_it_finds_by_the_id_of_a_provider(alice, bob):
    row = debit(alice)
    sms(row, provider="twilio", provider_id="SM1")
    browser = desk(bob)
    assert path(row) in browser.post(SEARCH, {"provider_id": "SM1"}).content.decode()
    assert "Give an address, or" in browser.post(SEARCH, {}).content.decode()
