"""What may have left never ends as if nothing had been sent."""

from __future__ import annotations

import pytest

from notifications.channels.push import vapid
from notifications.delivery.claim import claim
from notifications.delivery.closing import ladders_close
from notifications.delivery.judge import judge_due
from notifications.delivery.outcomes import outcomes_write
from notifications.delivery.reap import reap
from notifications.delivery.receipts import Heard, receipts_take
from notifications.delivery.settle import settle_due
from notifications.delivery.worker import Worker
from notifications.models import Delivery
from notifications.services import notification_mark_seen
from notifications.trace.causes import cause
from notifications.trace.loading import load
from notifications.trace.sendings import sendings
from realtime import clock
from realtime.outgoing import Outcome
from tests.notifications.delivery import support
from tests.notifications.delivery.conftest import VAPID
from tests.notifications.delivery.support import HOUR, MINUTE, MOMENT, committed
from tests.notifications.delivery.test_outcomes import result

pytestmark = pytest.mark.django_db


@pytest.fixture
def ladder(amina, outside):
    """The ladder of a failed payment, whose push is queued."""
    browser = outside.push.subscribe(vapid.Key(VAPID).public)
    support.address(amina, "push", browser.endpoint, service="web", keys=browser.keys)
    found = committed(amina, "transaction.failed", ago=MINUTE)
    judge_due()
    return found


def push() -> Delivery:
    return Delivery.objects.get(channel="push")


def lose(outside) -> None:
    """Let the push service take it, and its answer be lost; it is to be sent again now."""
    outside.push.then("accept_and_drop")
    Worker(["push"], judges=False).run_once()
    assert push().state == "unknown"
    Delivery.objects.update(not_before=clock.now() - MOMENT)
    assert settle_due("push") == 1
    assert push().state == "queued"


def test_what_was_seen_before_its_repetition_is_not_known(ladder, outside):
    lose(outside)
    notification_mark_seen(notification_id=ladder.pk)
    assert claim("push", 10, "worker") == []
    row = push()
    assert (row.state, row.reason) == ("unresolved", "not_repeated(reached_before_send)")
    assert support.is_due(ladder)


def test_its_page_says_so(ladder, outside):
    lose(outside)
    notification_mark_seen(notification_id=ladder.pk)
    claim("push", 10, "worker")
    [said] = sendings([push()], load(ladder.pk))
    assert said.text.startswith("Nobody can know whether it was sent. It was not sent once more. ")
    assert "nothing was sent" not in said.text.lower()
    assert "suppressed" in cause("suppressed", "not_repeated(suppressed(bounced))", "push").text


def test_a_lease_that_ended_without_an_outcome_is_in_doubt_too(ladder, outside):
    assert len(claim("push", 10, "killed")) == 1
    Delivery.objects.update(lease_until=clock.now() - HOUR)
    assert reap() == 1
    settle_due("push")
    notification_mark_seen(notification_id=ladder.pk)
    assert claim("push", 10, "worker") == []
    assert push().state == "unresolved"


def test_what_a_provider_has_not_taken_is_skipped(ladder, outside):
    claim("push", 10, "worker")
    row = push()
    outcomes_write([result(row, Outcome.LATER, provider="webpush")])
    Delivery.objects.update(not_before=clock.now() - MOMENT)
    notification_mark_seen(notification_id=ladder.pk)
    assert claim("push", 10, "worker") == []
    assert push().state == "skipped"


def test_what_is_cancelled_before_its_repetition_is_not_known(ladder, outside):
    lose(outside)
    ladders_close([ladder.pk], "superseded")
    row = push()
    assert (row.state, row.reason) == ("unresolved", "not_repeated(superseded)")


def test_what_expires_before_its_repetition_is_not_known(ladder, outside):
    lose(outside)
    [one] = claim("push", 10, "worker")
    later = {"retry_after_seconds": 30 * 86_400.0}
    outcomes_write([result(one.row, Outcome.LATER, lease=2, provider="webpush", answer=later)])
    row = push()
    assert (row.state, row.reason) == ("unresolved", "not_repeated(later)")


def test_a_receipt_still_settles_it(ladder, outside):
    lose(outside)
    notification_mark_seen(notification_id=ladder.pk)
    claim("push", 10, "worker")
    receipts_take(
        [Heard(provider="device", event_key="1", fact="displayed", delivery_id=push().pk)]
    )
    assert push().state == "delivered"
