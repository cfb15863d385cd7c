"""A trace says what became of a notification, from its commit to the last receipt."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.choices import DeliveryState
from notifications.models import (
    Delivery,
    Digest,
    DigestItem,
    Escalation,
    Notification,
    Suppression,
)
from notifications.preferences.services import Origin, preferences_change
from notifications.trace.loading import load
from notifications.trace.printing import printed
from notifications.trace.timeline import timeline
from realtime import clock
from realtime.errors import NotFound
from tests.notifications.delivery.support import HOUR, NUMBER, acked, address, committed
from tests.notifications.support import note, overdue
from tests.notifications.trace.support import (
    MINUTE,
    SECOND,
    called,
    debit,
    heard,
    sms,
    socket,
    step,
    trace,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_provider(settings) -> None:
    settings.CHANNELS = {"PUBLIC_BASE_URL": "https://api.acme.example"}


@pytest.fixture
def amina(db: None) -> User:
    return User.objects.create_user("amina")


def texts(row) -> str:
    return " ".join(entry.text for entry in trace(row).timeline)


def test_it_names_the_event_and_the_transaction_of_the_commit(amina):
    row = debit(amina)
    Notification.objects.filter(pk=row.pk).update(metadata={"transaction_id": "88"})
    assert trace(row).transaction_id == "88"
    assert f"Committed with transaction #88 as event {row.event_offset} of epoch" in texts(row)


# -- sockets


def test_it_shows_the_sockets_then_and_now_with_what_they_have(amina):
    row = debit(amina)
    acked(amina, row)
    socket(amina, "laptop", ago=HOUR, device_class="desktop")
    socket(amina, "tablet", ago=MINUTE, is_active=True)
    phone, laptop, tablet = trace(row).sockets
    assert (phone.device, phone.has_it, phone.is_open) == ("her phone", True, False)
    assert f"has acknowledged {row.event_offset}, no later than 20" in phone.text
    assert (laptop.was_open, laptop.is_open, laptop.has_it) == (True, True, False)
    assert "its person is not there" in laptop.text
    assert (tablet.was_open, tablet.is_active) == (False, True)
    assert "Acknowledged by her phone" in texts(row)


def test_an_offset_of_another_epoch_says_nothing(amina):
    row = debit(amina)
    acked(amina, row, epoch="old")
    [phone] = trace(row).sockets
    assert not phone.has_it and "of another epoch" in phone.text


def test_a_device_that_has_left_no_socket_is_shown_if_it_has_the_event(amina):
    row = debit(amina)
    acked(amina, row).user.departure_set.all().delete()
    [phone] = trace(row).sockets
    assert phone.has_it and "not connected" in phone.text


# -- verdicts


def test_it_says_how_the_user_was_reached(amina):
    row = debit(amina)
    acked(amina, row)
    found = trace(row)
    assert found.reach == "on_device" and found.advice == ()
    assert "the device acknowledged its event (on her phone)" in found.verdict


def test_who_was_not_reached_gets_every_reason_and_what_would_change_it(amina):
    row = debit(amina)
    found = trace(row)
    assert found.reach == "none"
    assert "Its ladder goes on" in found.verdict
    assert "SMS: Nothing was sent. The channel had no provider" in found.verdict
    assert "Set up a provider for the channel, or let the channel go on." in found.advice


def test_one_that_has_not_appeared_says_so(amina):
    later = note(amina, scheduled_at=clock.now() + HOUR)
    assert "It has not appeared yet: it is scheduled for" in timeline(load(later.pk)).verdict
    gone = overdue(amina)
    Notification.objects.filter(pk=gone.pk).update(status="archived", archived_at=clock.now())
    assert "archived before its time" in timeline(load(gone.pk)).verdict


def test_one_without_a_ladder_stays_in_the_app(amina):
    row = note(amina)
    row.escalation.delete()
    found = timeline(load(row.pk))
    assert found.ladder is None and "It stays within the app" in found.verdict
    Notification.objects.filter(pk=row.pk).update(seen_at=clock.now())
    assert "The user has seen it." in timeline(load(row.pk)).verdict


def test_one_that_was_erased_leaves_the_proof(amina):
    row = debit(amina)
    sms(row, state="delivered", accepted_at=clock.now(), delivered_at=clock.now())
    Delivery.objects.update(address=None, context=None)
    Notification.objects.filter(pk=row.pk).delete()
    found = timeline(load(row.pk))
    assert found.is_erased and "erased with its user" in found.verdict
    assert "an address that is gone" in found.others[0].to


def test_what_never_was_is_not_found(amina):
    with pytest.raises(NotFound):
        load(4711)


# -- rungs


def test_a_message_has_its_calls_and_receipts(amina):
    row, now = debit(amina), clock.now()
    sent = sms(
        row, state="delivered", provider="twilio", provider_id="SM1", attempts=2,
        accepted_at=now, delivered_at=now,
    )  # fmt: skip
    called(sent, "later", lease=1, status=429, code="20429")
    called(sent, lease=2)
    heard(sent, "delivered", code="30000")
    found = step(row, "sms")
    assert (found.standing, found.rule) == ("sent", "due")
    assert found.text == "It has arrived. To 0772***001."
    [one] = found.sendings
    assert [call.text for call in one.calls] == [
        "twilio asked to try again later; nothing was sent (429, 20429).",
        "twilio took it.",
    ]
    assert [each.text for each in one.heard] == ["twilio reported that it arrived (30000)."]
    assert set(one.facts) == {"accepted_at", "delivered_at"}
    assert NUMBER not in str(trace(row))


@pytest.mark.parametrize("state", DeliveryState.values)
def test_each_state_has_a_standing_and_a_text(amina, state):
    row = debit(amina)
    sms(row, state=state)
    found = step(row, "sms")
    expected = {"accepted": "sent", "delivered": "sent"}
    waits = {"queued", "sending", "unknown"}
    assert found.standing == expected.get(state, "waiting" if state in waits else "not_sent")
    assert found.text


def test_what_is_off_says_since_when(amina):
    row = debit(amina)
    by = Origin("user:1", "api")
    preferences_change(
        user_id=amina.pk, changes={"cells": {"category:transaction": {"sms": False}}}, by=by
    )
    preferences_change(user_id=amina.pk, changes={"zone": "Africa/Kampala"}, by=by)
    sms(
        row, state="skipped", reason="switched_off", decided_by="switched_off",
        created_at=clock.now() + SECOND, address=None, address_hash="",
    )  # fmt: skip
    found = step(row, "sms")
    assert "The user has switched it off. Off since 20" in found.text
    assert "Only the user can switch it on" in found.advice


def test_a_suppressed_address_says_since_when_and_why(amina):
    row = debit(amina)
    to = address(amina, "sms", NUMBER)
    Suppression.objects.create(
        channel="sms", hash=to.hash, reason="opted_out", source="twilio", created_at=clock.now()
    )
    sms(
        row, to=to, state="skipped", decided_by="suppressed", reason="suppressed(opted_out)",
        address=None, address_hash="",
    )  # fmt: skip
    found = step(row, "sms")
    assert "The owner of the address has opted out there." in found.text
    assert found.advice.startswith("Lift the suppression: opted_out on 20")
    assert found.advice.endswith(" by twilio.")


def test_a_rung_that_is_not_due_says_when(amina):
    row = committed(amina, "transaction.debit")
    assert step(row, "sms").standing == "to_come"
    assert "unless it is not needed then" in step(row, "sms").text


def test_a_rung_that_was_not_needed_says_why(amina):
    row = debit(amina)
    row.closed_at, row.reason = clock.now(), "reached"
    row.evidence = {"how": "seen", "device": "", "at": "2026-03-02T12:05:00Z"}
    row.save()
    found = step(row, "sms")
    assert found.standing == "not_needed"
    assert "It was shown in the open app, no later than 2026-03-02 12:05:00." in found.text


def test_a_rung_that_nobody_chose_says_so_also_when_the_ladder_has_ended(amina, settings):
    settings.CHANNELS |= {"EMAIL_HOST": "127.0.0.1", "EMAIL_FROM": "a@b.example"}
    address(amina, "email", "amina@example.org")
    row = debit(amina, closed_at=clock.now(), reason="exhausted")
    found = step(row, "email")
    assert (found.standing, found.rule) == ("not_sent", "not_chosen")
    assert "off until the user switches it on" in found.text


def test_the_digest_that_carried_it_is_shown(amina):
    row, now = debit(amina), clock.now()
    digest = Digest.objects.create(
        user=amina, category="transaction", channel="email", due_at=now, created_at=now,
        closed_at=now, reason="sent",
    )  # fmt: skip
    DigestItem.objects.create(digest=digest, notification=row.notification, rung=2, shown=True)
    to = address(amina, "email", "amina@example.org")
    sms(row, to=to, notification=None, digest=digest, rung=0, state="accepted", accepted_at=now)
    found = step(row, "email")
    assert (found.standing, found.text) == ("digest", "It left in a digest.")
    assert found.digests[0].sendings[0].to == "a***@example.org"
    assert "In a digest: E-mail to a***@example.org" in texts(row)


def test_a_digest_that_waits_says_until_when(amina):
    row, now = debit(amina), clock.now()
    digest = Digest.objects.create(
        user=amina, category="transaction", channel="email", due_at=now, created_at=now
    )
    DigestItem.objects.create(digest=digest, notification=row.notification, rung=2)
    assert "It waits in a digest. It leaves at 20" in step(row, "email").text


# -- the whole


def test_only_who_may_read_it_gets_the_text(amina):
    row = debit(amina)
    assert "World" not in str(trace(row))
    content = trace(row, with_content=True).content
    assert content is not None and content.message == "World"


def test_it_prints_what_it_says(amina):
    row = debit(amina)
    acked(amina, row)
    text = printed(trace(row, with_content=True))
    for part in ("It is on a device", "Title: Hello", "Sockets, then", "Ladder", "  SMS (due "):
        assert part in text


def test_it_asks_as_many_queries_for_many_rows_as_for_few(amina):
    row = debit(amina)
    sms(row)
    acked(amina, row)
    few = queries(row)
    for number in range(20):
        sent = sms(row, to=address(amina, "sms", f"+25677200010{number}"), resend=number + 1)
        called(sent)
        heard(sent, "delivered")
        acked(amina, row, device=f"phone {number}")
        socket(amina, f"tab {number}", ago=HOUR)
    assert queries(row) == few <= 24


def test_what_is_decided_is_not_judged_again_and_asks_fewer_queries(amina):
    row = debit(amina)
    called(sms(row, state="delivered"))
    undecided = queries(row)
    Escalation.objects.filter(pk=row.pk).update(closed_at=clock.now(), reason="reached")
    assert queries(row) <= 12 < undecided


def queries(row) -> int:
    with CaptureQueriesContext(connection) as captured:
        trace(row)
    return len(captured)


SMALL = ("realtime_host", "realtime_node")  # of providers and nodes, a few rows each


def test_each_of_its_queries_is_answered_by_an_index(amina):
    row = debit(amina)
    called(sms(row))
    acked(amina, row)
    with CaptureQueriesContext(connection) as captured:
        trace(row)
    is_sqlite = connection.vendor == "sqlite"
    explain, scan = ("EXPLAIN QUERY PLAN", "SCAN ") if is_sqlite else ("EXPLAIN", "Seq Scan on ")
    found = []
    with connection.cursor() as cursor:
        if not is_sqlite:  # an empty table is read whole, unless that is forbidden
            cursor.execute("SET LOCAL enable_seqscan = off")
        for query in captured.captured_queries:
            cursor.execute(f"{explain} {query['sql']}")
            found += [str(line[-1]) for line in cursor.fetchall() if scan in str(line[-1])]
    tables = [line for line in found if "notifications_" in line or "realtime_" in line]
    assert not [line for line in tables if not any(small in line for small in SMALL)]
