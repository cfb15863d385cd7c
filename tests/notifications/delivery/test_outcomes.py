"""The ends of calls: written once, and only for the lease that made the call."""

from __future__ import annotations

import pytest

from notifications.channels.message import Answer
from notifications.delivery.claim import claim
from notifications.delivery.outcomes import Result, outcomes_write
from notifications.delivery.receipts import Heard, receipts_take
from notifications.models import Attempt, Delivery, Escalation, Notification, Preference
from notifications.services import notification_mark_seen
from realtime import clock
from realtime.outgoing import Outcome, breaker
from tests.notifications.delivery import support
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(amina, outside):
    found = support.delivery(note(amina), support.address(amina, "sms", support.NUMBER))
    assert len(claim("sms", 1, "first")) == 1
    found.refresh_from_db()
    return found


def result(row, outcome=Outcome.ACCEPTED, lease=1, **more):
    answer = None if outcome is None else Answer(outcome=outcome, **more.pop("answer", {}))
    return Result(
        **{
            "delivery_id": row.pk,
            "lease": lease,
            "provider": "africastalking",
            "host": "africastalking",
            "worker": "first",
            "answer": answer,
            "started_at": clock.now(),
            **more,
        }
    )


def test_writing_it_twice_changes_nothing(row):  # the commit was heard of too late
    outcomes_write([result(row, answer={"provider_id": "a"})])
    row.refresh_from_db()
    before = row.updated_at
    outcomes_write([result(row, answer={"provider_id": "a"})])
    row.refresh_from_db()
    assert (row.state, row.updated_at, Attempt.objects.count()) == ("accepted", before, 1)


def test_an_older_lease_changes_no_state_and_marks_a_second_message(row):
    Delivery.objects.update(lease=2, attempts=2)
    outcomes_write([result(row, Outcome.REFUSED)])
    row.refresh_from_db()
    assert (row.state, row.possible_duplicate) == ("sending", False)
    Delivery.objects.update(lease=3)
    outcomes_write([result(row, lease=2)])
    row.refresh_from_db()
    assert (row.state, row.possible_duplicate) == ("sending", True)
    assert Attempt.objects.count() == 2


@pytest.mark.parametrize("state", ["unknown", "queued"])
def test_an_answer_that_comes_after_all_still_counts(row, state):
    Delivery.objects.update(state=state)
    outcomes_write([result(row)])
    row.refresh_from_db()
    assert row.state == "accepted"


@pytest.mark.parametrize("state", ["queued", "unknown", "unresolved"])
def test_what_an_older_lease_has_sent_is_not_sent_once_more(row, state):
    Delivery.objects.update(lease=2, attempts=2, state=state, reason="later", provider="twilio")
    outcomes_write([result(row, answer={"provider_id": "a"})])
    row.refresh_from_db()
    assert (row.state, row.reason, row.possible_duplicate) == ("accepted", "", True)
    assert (row.provider, row.provider_id) == ("africastalking", "a")
    assert claim("sms", 1, "second") == []


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.LATER, None])
def test_what_an_older_lease_sends_meanwhile_is_not_sent_once_more_either(row, outcome):
    Delivery.objects.update(lease=2, attempts=2)
    outcomes_write([result(row)])
    outcomes_write([result(row, outcome, lease=2)])
    row.refresh_from_db()
    assert (row.state, row.possible_duplicate) == ("accepted", True)


def test_a_repetition_stays_marked_if_its_report_comes_before_its_answer(row):
    Delivery.objects.update(resend=1, possible_duplicate=True)
    receipts_take(
        [Heard(provider="africastalking", event_key="1", fact="delivered", delivery_id=row.pk)]
    )
    outcomes_write([result(row, answer={"provider_id": "a"})])
    row.refresh_from_db()
    assert (row.state, row.possible_duplicate, row.provider_id) == ("delivered", True, "a")


def test_a_lease_that_made_no_call_gives_its_message_back(row):
    outcomes_write([result(row, None, pause_seconds=60)])
    row.refresh_from_db()
    assert (row.state, row.attempts, row.lease) == ("queued", 0, 1)
    assert row.not_before > clock.now()
    assert not Attempt.objects.exists()


def test_what_would_come_too_late_expires(row):
    outcomes_write([result(row, Outcome.LATER, answer={"retry_after_seconds": 7200.0})])
    row.refresh_from_db()
    assert (row.state, row.reason) == ("expired", "later")


def is_late(row, **more):
    outcomes_write([result(row, **more)])
    row.refresh_from_db()
    assert row.state == "accepted"
    return row.late


@pytest.fixture
def ladder(amina, row):
    """The ladder of a failed payment, whose SMS goes unless it is on a device."""
    found = support.committed(amina, "transaction.failed", ago=6 * support.MINUTE)
    Delivery.objects.update(notification=found.pk, kind="transaction.failed", rung=1)
    row.refresh_from_db()
    return found


@pytest.mark.reported(number=12)
def test_what_was_seen_between_the_last_look_and_the_call_is_counted_as_late(row, ladder):
    notification_mark_seen(notification_id=ladder.pk)
    assert is_late(row, started_at=clock.now() + support.MOMENT)


@pytest.mark.reported(number=12)
def test_what_a_device_acknowledged_between_the_last_look_and_the_call_is_late(amina, row, ladder):
    support.acked(amina, ladder)
    assert is_late(row, started_at=clock.now() + support.MOMENT)


def test_what_was_reached_afterwards_is_not_late(amina, row, ladder):
    before = clock.now()
    support.acked(amina, ladder)
    notification_mark_seen(notification_id=ladder.pk)
    assert not is_late(row, started_at=before - support.MINUTE)


def test_what_goes_whatever_was_reached_is_never_late(amina, row, ladder):
    Preference.objects.create(
        user=amina, version=1, sms_above=1, sms_above_currency="UGX", updated_at=clock.now()
    )
    kind = {"kind": "transaction.debit"}
    Escalation.objects.update(**kind)
    Notification.objects.update(context=support.CONTEXTS["transaction.debit"], **kind)
    support.acked(amina, ladder)
    assert not is_late(row, started_at=clock.now() + support.MOMENT)


@pytest.mark.reported(number=15)
def test_an_address_is_kept_where_its_host_calls_too_many_gone(amina, row):
    for _ in range(breaker.GONE_AT_LEAST):
        breaker.gone("africastalking")
    outcomes_write([result(row, Outcome.REFUSED, answer={"verdict": "gone"})])
    row.refresh_from_db()
    assert (row.state, row.reason, row.address.state) == ("failed", "gone", "verified")


@pytest.mark.reported(number=15)
def test_what_waits_for_an_address_that_is_gone_is_not_sent(amina, row):
    waiting = support.delivery(note(amina), row.address)
    outcomes_write([result(row, Outcome.REFUSED, answer={"verdict": "gone"})])
    assert claim("sms", 1, "first") == []
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("skipped", "no_address")


def test_an_id_that_a_provider_gives_twice_belongs_to_the_first(amina, row):
    second = support.delivery(note(amina), row.address)
    claim("sms", 1, "first")
    both = [result(one, answer={"provider_id": "same"}) for one in (row, second)]
    outcomes_write(both)
    row.refresh_from_db()
    second.refresh_from_db()
    assert (row.provider_id, second.provider_id) == ("same", None)
    assert (row.state, second.state) == ("accepted", "accepted")
