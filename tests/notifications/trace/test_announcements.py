"""Why a user got an SMS after an emergency announcement, or did not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from notifications.addresses.values import address_hash
from notifications.delivery.fallback import advance_due
from notifications.models import Address, Delivery, Fallback, Suppression
from notifications.trace.announcements import announcement_trace
from realtime import clock
from realtime.errors import NotFound
from tests.clients import browser_as, staff_with
from tests.notifications.fallbacks.support import due, has_it, people, published
from tests.notifications.management.test_why import why
from tests.notifications.support import draft
from tests.notifications.trace.support import called
from tests.services.admin_log import act_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _with_sms(settings: Any) -> None:
    settings.CHANNELS = {
        "SMS_PROVIDERS": ("africastalking",), "SMS_COUNTRIES": ("UG",),
        "AFRICASTALKING_USERNAME": "acme", "AFRICASTALKING_API_KEY": "key",
    }  # fmt: skip


def ended() -> Fallback:
    """Go through all users of a fallback that is due."""
    while advance_due():
        pass
    return Fallback.objects.get()


def text_of(user: User) -> tuple[str, str]:
    found = announcement_trace(Fallback.objects.get().pk, user=user).user
    assert found is not None
    return found.text, found.advice


def test_who_got_an_sms_has_its_calls_and_a_timeline():
    [(user, _)] = people(1)
    due()
    found = ended()
    row = Delivery.objects.get()
    called(row, provider="twilio")
    Delivery.objects.update(state="accepted", accepted_at=clock.now(), attempts=1)
    trace = announcement_trace(found.pk, user=user)
    assert trace.user is not None
    assert (trace.state, trace.queued, trace.sent) == ("finished", 1, {"accepted": 1})
    [sent] = trace.user.sendings
    assert (sent.to, sent.state, len(sent.calls)) == ("0772***000", "accepted", 1)
    assert trace.user.text.startswith("The provider has taken it")
    texts = [entry.text for entry in trace.user.timeline]
    assert texts[0] == "SMS were asked for."
    assert texts[1].startswith("Published as event ")
    assert "A second person approved the SMS." in texts and "SMS: twilio took it." in texts


def test_who_got_none_is_told_why():
    users = [user for user, _ in people(6)]
    has, none, unproven, suppressed, gone, later = users
    found = due()
    has_it(has, found)
    Address.objects.filter(user=none).delete()
    Address.objects.filter(user=unproven).update(state="unverified", verified_at=None)
    of = Address.objects.get(user=suppressed)
    Suppression.objects.create(
        channel="sms", hash=of.hash, reason="bounced", created_at=clock.now()
    )
    User.objects.filter(pk=gone.pk).update(is_active=False)
    gone.is_active = False
    Address.objects.filter(user=later).update(state="unverified")
    ended()
    Address.objects.filter(user=later).update(state="verified")
    add = "Ask the user to add a phone number and to verify it."
    assert text_of(has)[0].startswith("A device has it (phone), no later than ")
    assert text_of(none) == ("The user has no phone number.", add)
    assert text_of(unproven) == ("No phone number of the user is verified.", add)
    text, advice = text_of(suppressed)
    assert text.startswith("The address is suppressed for everything.")
    assert advice.startswith("Lift the suppression: bounced on ")
    assert text_of(gone) == ("The account is not active.", "Activate the user.")
    assert text_of(later)[0].endswith("That is no longer so.")
    new = User.objects.create_user("new")
    assert text_of(new)[0] == "The account is newer than the first of these SMS."


def test_who_waits_is_told_what_for():
    [(first, _), (second, _)] = people(2)
    announcement = published()
    assert text_of(first)[0] == "SMS are asked for, and nobody has approved them."
    Fallback.objects.all().delete()
    announcement.delete()
    User.objects.filter(username="author").delete()
    due()
    assert advance_due(chunk=1)
    assert text_of(second)[0] == "It is not this user's turn yet."
    Fallback.objects.update(cancelled_at=clock.now())
    assert text_of(second)[0] == "The SMS were cancelled before it was this user's turn."


def test_an_announcement_without_sms_says_so(alice: User):
    row = draft(alice)
    found = announcement_trace(row.pk, user=alice)
    assert (found.state, found.sent) == ("", {})
    assert found.user is not None
    assert found.user.text == "No SMS were asked for after this announcement."
    with pytest.raises(NotFound):
        announcement_trace(4711)


def test_the_command_answers_for_all_and_for_one():
    [(user, _)] = people(1)
    due()
    number = ended().pk
    text = why("--announcement", number)
    assert f"Announcement {number}: finished. All users have been gone through." in text
    assert "2 had no number. SMS: 1 queued." in text  # the author and the approver
    assert "It waits to be sent. No device of the user had the announcement." in why(
        user.username, "--announcement", number
    )
    found = json.loads(why(user.username, "--announcement", number, "--json"))
    assert (found["state"], found["user"]["user_id"]) == ("finished", str(user.pk))


def test_the_page_answers_and_keeps_the_look(bob: User):
    [(user, _)] = people(1)
    due()
    number = ended().pk
    place = f"/admin/notifications/announcement/{number}/why/"
    without = browser_as(staff_with(bob, "view_announcement"))
    assert without.get(place).status_code == 403
    assert "somebody not get it" not in page(without, place.replace("why", "change"))
    tracer = browser_as(staff_with(bob, "view_announcement", "trace_notification"))
    assert place in page(tracer, place.replace("why", "change"))
    assert "All users have been gone through." in page(tracer, place)
    shown = page(tracer, f"{place}?user={user.username}")
    assert "to 0772***000: queued" in shown and "SMS were asked for." in shown
    assert "There is no user of that name or id." in page(tracer, f"{place}?user=nobody")
    looks = [act_of(entry.get_change_message()) for entry in LogEntry.objects.filter(user=bob)]
    assert f"Looked at its trace for user {user.pk} in the admin." in looks
    assert tracer.get(place.replace(str(number), "4711")).status_code == 404
    assert tracer.post(place).status_code == 405


def test_a_search_leads_to_it(bob: User):
    [(user, to)] = people(1)
    due()
    number = ended().pk
    Delivery.objects.update(address_hash=address_hash("sms", to.value))
    tracer = browser_as(staff_with(bob, "trace_notification"))
    answer = tracer.post("/admin/notifications/notification/why/", {"address": to.value})
    assert (
        f'href="/admin/notifications/announcement/{number}/why/?user={user.pk}"'
        in answer.content.decode()
    )


def page(browser: Any, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())
