"""What is late is counted, whoever says that it has left: the answer, or a receipt alone."""

from __future__ import annotations

import pytest

from notifications.delivery.claim import claim
from notifications.delivery.outcomes import outcomes_write
from notifications.delivery.receipts import Heard, receipts_take
from notifications.models import Delivery
from notifications.services import notification_mark_seen
from realtime import clock
from realtime.outgoing import Outcome
from tests.notifications.delivery import support
from tests.notifications.delivery.support import MOMENT, NUMBER
from tests.notifications.delivery.test_outcomes import result
from tests.notifications.support import note

pytestmark = [pytest.mark.django_db, pytest.mark.reported(number=12)]


@pytest.fixture
def row(amina, outside):
    """A claimed SMS of a failed payment, which goes unless it is on a device."""
    found = support.delivery(note(amina), support.address(amina, "sms", NUMBER))
    assert len(claim("sms", 1, "first")) == 1
    ladder = support.committed(amina, "transaction.failed", ago=6 * support.MINUTE)
    Delivery.objects.update(notification=ladder.pk, kind="transaction.failed", rung=1)
    found.refresh_from_db()
    return found


def report(row, fact):
    """Let the provider say so of a delivery, as the callback of a message does."""
    receipts_take([Heard(provider="twilio", event_key=fact, fact=fact, delivery_id=row.pk)])
    row.refresh_from_db()
    return row.late


def lose(row):
    """Write a call whose answer was lost."""
    outcomes_write([result(row, Outcome.UNKNOWN, started_at=clock.now() + MOMENT)])


@pytest.mark.parametrize("fact", ["accepted", "delivered"])
def test_a_receipt_in_place_of_the_answer_counts_it(row, fact):
    notification_mark_seen(notification_id=row.notification_id)
    lose(row)
    assert report(row, fact)


@pytest.mark.parametrize("fact", ["accepted", "delivered"])
def test_what_was_reached_after_the_call_is_not_late(row, fact):
    outcomes_write([result(row, Outcome.UNKNOWN, started_at=clock.now() - support.MINUTE)])
    notification_mark_seen(notification_id=row.notification_id)
    assert not report(row, fact)


def test_what_did_not_leave_is_never_late(row):
    notification_mark_seen(notification_id=row.notification_id)
    lose(row)
    assert not report(row, "failed")


def test_a_receipt_that_comes_before_its_answer_counts_once_the_call_is_known(row):
    notification_mark_seen(notification_id=row.notification_id)
    assert not report(row, "delivered")  # its call began after its claim, nobody knows when
    lose(row)
    row.refresh_from_db()
    assert (row.state, row.late) == ("delivered", True)


def test_a_report_that_nothing_else_explains_counts_it(row):
    notification_mark_seen(notification_id=row.notification_id)
    lose(row)
    assert report(row, "accepted")
    assert report(row, "delivered")  # and a later one takes nothing back
