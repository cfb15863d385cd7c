"""Support stops a ladder: nothing more is sent, also of what was queued at that moment."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from notifications.acts.errors import LadderOver, NoLadder
from notifications.acts.stopping import ladder_stop
from notifications.delivery.claim import claim
from notifications.delivery.judge import judge_due
from notifications.models import Delivery, Escalation
from tests.notifications.delivery.support import NUMBER, address, delivery
from tests.notifications.trace.support import debit, sms

pytestmark = pytest.mark.django_db


@pytest.fixture
def amina(db: None) -> User:
    return User.objects.create_user("amina")


def test_it_ends_the_ladder_and_leaves_the_notification(amina):
    row = debit(amina)
    waiting = sms(row)
    ended = ladder_stop(notification_id=row.pk)
    assert (ended.reason, ended.closed_at is not None) == ("cancelled", True)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("cancelled", "cancelled")
    row.notification.refresh_from_db()
    assert (row.notification.status, row.notification.cancelled_at) == ("unread", None)
    assert judge_due() == 0


def test_what_was_queued_meanwhile_is_cancelled_by_its_last_look(amina):
    row = debit(amina)
    ladder_stop(notification_id=row.pk)
    late = delivery(row.notification, address(amina, "sms", NUMBER), kind=row.kind, rung=1)
    assert claim("sms", 5, "w") == []
    late.refresh_from_db()
    assert (late.state, late.reason) == ("cancelled", "cancelled")


def test_it_refuses_what_has_ended_or_has_none(amina):
    row = debit(amina)
    ladder_stop(notification_id=row.pk)
    with pytest.raises(LadderOver):
        ladder_stop(notification_id=row.pk)
    Escalation.objects.filter(pk=row.pk).delete()
    with pytest.raises(NoLadder):
        ladder_stop(notification_id=row.pk)
    assert not Delivery.objects.exists()
