"""What becomes of messages of which nobody knows whether they left."""

from __future__ import annotations

from email.utils import format_datetime, parsedate_to_datetime

import pytest

from notifications.delivery.claim import claim
from notifications.delivery.reap import reap
from notifications.delivery.receipts import Heard, receipts_take
from notifications.delivery.settle import after_restore, settle_due
from notifications.delivery.times import lease
from notifications.delivery.worker import Worker
from notifications.models import Delivery, Receipt
from realtime import clock
from tests.notifications.delivery import support
from tests.notifications.delivery.support import MINUTE, NUMBER
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


def run(channel="sms"):
    Worker([channel]).run_once()


def pass_time(minutes, outside):
    """Let all that has happened be so much longer ago."""
    for taken in outside.twilio.ledger:
        then = parsedate_to_datetime(taken["date_created"]) - minutes * MINUTE
        taken["date_created"] = format_datetime(then)
    for row in Delivery.objects.all():
        row.not_before -= minutes * MINUTE
        row.created_at -= minutes * MINUTE
        if row.lease_until is not None:
            row.lease_until -= minutes * MINUTE
        row.save()


@pytest.fixture
def row(amina, outside):
    """An SMS that its kind requires, with a ladder that goes on."""
    notice = note(amina)
    support.ladder(notice, kind="transaction.failed")
    phone = support.address(amina, "sms", NUMBER)
    return support.delivery(
        notice,
        phone,
        kind="transaction.failed",
        context=support.CONTEXTS["transaction.failed"],
        rung=1,
        required=True,
    )


@pytest.mark.parametrize(("trouble", "asked"), [("accept_and_drop", 1), ("drop", 2)])
def test_twilio_is_asked_so_that_exactly_one_goes_out(row, outside, trouble, asked):
    outside.use(SMS_PROVIDERS=("twilio",))
    outside.twilio.then(trouble)
    run()
    row.refresh_from_db()
    assert row.state == "unknown"
    pass_time(3, outside)
    run()
    row.refresh_from_db()
    assert (row.state, row.provider_id) == ("accepted", outside.twilio.ledger[0]["sid"])
    assert len(outside.twilio.ledger) == 1
    posts = [each for each in outside.twilio.asked if each.method == "POST"]
    assert len(posts) == asked
    assert Delivery.objects.count() == 1


def test_the_same_text_that_another_delivery_has_sent_is_not_taken_for_this_one(row, outside):
    outside.use(SMS_PROVIDERS=("twilio",))
    support.delivery(note(row.user), row.address, kind=row.kind, context=row.context)
    outside.twilio.then("drop")
    run()
    states = Delivery.objects.order_by("state").values_list("state", flat=True)
    assert list(states) == ["accepted", "unknown"]
    pass_time(3, outside)
    run()
    assert list(states.all()) == ["accepted", "accepted"]
    ids = set(Delivery.objects.values_list("provider_id", flat=True))
    assert ids == {taken["sid"] for taken in outside.twilio.ledger}
    assert len(ids) == 2


def test_a_report_of_another_message_is_not_taken_for_this_one(row, outside):
    lost(row)
    support.delivery(
        note(row.user), row.address, state="accepted", attempts=1, provider="africastalking",
        provider_id="ATXid_1",
    )  # fmt: skip
    receipts_take([report(row)])
    Receipt.objects.update(delivery=None)
    settle_due("sms")
    row.refresh_from_db()
    assert (row.state, row.provider_id) == ("unresolved", None)


def test_before_its_time_nothing_is_asked(row, outside):
    outside.use(SMS_PROVIDERS=("twilio",))
    Delivery.objects.update(
        state="unknown", provider="twilio", not_before=clock.now() + MINUTE, attempts=1, lease=1
    )
    assert settle_due("sms") == 0
    assert outside.twilio.asked == []


def lost(row):
    """Let an SMS at Africa's Talking be of unknown outcome since six minutes."""
    now = clock.now()
    Delivery.objects.filter(pk=row.pk).update(
        state="unknown",
        provider="africastalking",
        attempts=1,
        lease=1,
        not_before=now - support.MOMENT,
        lease_until=now - 6 * MINUTE + lease(),
    )


def report(row, key="1", **more):
    return Heard(
        **{
            "provider": "africastalking",
            "event_key": key,
            "fact": "delivered",
            "provider_id": f"ATXid_{key}",
            "address_hash": row.address_hash,
            **more,
        }
    )


def test_a_report_of_an_unknown_id_is_taken_for_the_only_unknown_message(row, outside):
    lost(row)
    receipts_take([report(row)])
    assert settle_due("sms") == 1
    row.refresh_from_db()
    assert (row.state, row.provider_id) == ("delivered", "ATXid_1")
    assert Receipt.objects.get().delivery_id == row.pk
    assert Delivery.objects.count() == 1


def test_two_reports_prove_nothing_and_a_required_sms_goes_once_more(row, outside):
    lost(row)
    receipts_take([report(row, "1"), report(row, "2")])
    settle_due("sms")
    row.refresh_from_db()
    again = Delivery.objects.exclude(pk=row.pk).get()
    assert (row.state, again.state, again.resend) == ("unresolved", "queued", 1)
    assert (again.possible_duplicate, again.decided_by) == (True, "resend")
    lost(again)  # nobody knows of that one either: no third
    settle_due("sms")
    assert Delivery.objects.count() == 2


def test_what_nobody_can_know_makes_the_next_rung_due(row, outside):
    Delivery.objects.update(required=False)
    lost(row)
    settle_due("sms")
    row.refresh_from_db()
    assert (row.state, Delivery.objects.count()) == ("unresolved", 1)
    assert support.is_due(row.notification.escalation)


def test_it_waits_five_minutes_for_a_report(row, outside):
    lost(row)
    Delivery.objects.update(lease_until=clock.now() - 2 * MINUTE + lease())
    settle_due("sms")
    row.refresh_from_db()
    assert row.state == "unknown"
    assert row.lease_until is not None
    assert row.not_before == row.lease_until - lease() + 5 * MINUTE


@pytest.mark.parametrize("channel", ["push", "email"])
def test_push_and_email_go_again_until_it_was_often(amina, outside, channel):
    to = support.address(amina, channel, "amina@example.org")
    now = clock.now()
    unknown = {"state": "unknown", "not_before": now - support.MOMENT, "lease": 1}
    row = support.delivery(note(amina), to, attempts=1, **unknown)
    often = support.delivery(note(amina), to, attempts=6, **unknown)
    late = support.delivery(note(amina), to, attempts=1, expires_at=now, **unknown)
    assert settle_due(channel) == 3
    for each in (row, often, late):
        each.refresh_from_db()
    assert (row.state, often.state, late.state) == ("queued", "unresolved", "unresolved")


def test_an_email_whose_outcome_was_unknown_has_the_same_id_again(amina, outside):
    to = support.address(amina, "email", "amina@example.org")
    row = support.delivery(note(amina), to)
    outside.mail.after_data = "drop"
    run("email")
    row.refresh_from_db()
    assert row.state == "unknown"
    outside.mail.after_data = ""
    pass_time(2, outside)
    run("email")
    row.refresh_from_db()
    assert row.state == "accepted"
    first, second = outside.mail.taken
    assert first["Message-ID"] == second["Message-ID"]


def test_a_worker_that_died_between_claim_and_call_is_found_out(row, outside):
    outside.use(SMS_PROVIDERS=("twilio",))
    assert len(claim("sms", 1, "a worker that dies here")) == 1
    pass_time(4, outside)
    assert reap() == 1
    run()  # Twilio does not know it: it never left
    row.refresh_from_db()
    assert (row.state, row.attempts, len(outside.twilio.ledger)) == ("accepted", 2, 1)


def test_after_a_restore_sms_wait_for_a_person_and_a_report_settles_them(row, outside):
    sending = support.delivery(note(row.user), row.address, state="sending", lease=2)
    assert after_restore() == 2
    assert settle_due("sms") == 0
    run()
    for each in (row, sending):
        each.refresh_from_db()
        assert (each.state, each.reason) == ("unknown", "after_restore")
    assert outside.africastalking.asked == []
    receipts_take([report(row, provider="device", provider_id="", delivery_id=row.pk)])
    row.refresh_from_db()
    assert row.state == "delivered"
