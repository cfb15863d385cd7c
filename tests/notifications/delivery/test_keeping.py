"""What messages said is forgotten, what became of them is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from notifications.delivery.keeping import KEPT, forget_proof, forget_texts
from notifications.models import Attempt, Consent, Delivery, Receipt
from realtime import clock, jobs
from realtime.append_only import RecordIsFinal
from tests.notifications.delivery import support
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


def test_the_values_of_old_messages_are_forgotten_once_a_day():
    user = User.objects.create_user("amina")
    to = support.address(user, "sms", support.NUMBER)
    then = clock.now() - KEPT - timedelta(minutes=1)
    old = support.delivery(note(user), to, state="delivered", created_at=then)
    new = support.delivery(note(user), to)
    assert forget_texts() == 1
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.context, old.state, old.address_hash) == (None, "delivered", to.hash)
    assert new.context is not None
    new.created_at = then
    new.save(update_fields=["created_at"])
    assert forget_texts() == 0  # another node has just done it
    jobs.give_back("forget_texts")
    assert forget_texts() == 1


def sent(user, to, then):
    """A delivery with a call and a receipt, all of then."""
    row = support.delivery(note(user), to, state="delivered", created_at=then, updated_at=then)
    Attempt.objects.create(
        delivery=row, lease=1, provider="twilio", worker="w", outcome="accepted",
        started_at=then, created_at=then,
    )  # fmt: skip
    Receipt.objects.create(
        provider="twilio", event_key=str(row.pk), delivery=row, fact="delivered", created_at=then
    )
    return row


def test_proof_goes_after_the_years_that_are_set(settings):
    settings.CHANNELS = {"PROOF_KEPT_DAYS": 1000}
    user = User.objects.create_user("amina")
    to = support.address(user, "sms", support.NUMBER)
    now = clock.now()
    sent(user, to, now - timedelta(days=1001))
    kept = sent(user, to, now - timedelta(days=999))
    for days in (1001, 999):
        Receipt.objects.create(
            provider="twilio", event_key=f"of nobody {days}", fact="delivered",
            created_at=now - timedelta(days=days),
        )  # fmt: skip
    assert forget_proof() == 1
    assert [row.pk for row in Delivery.objects.all()] == [kept.pk]
    assert [row.delivery_id for row in Attempt.objects.all()] == [kept.pk]
    assert Receipt.objects.count() == 2
    assert forget_proof() == 0  # another node has just done it


def test_nothing_lets_proof_go_within_18_months():
    user = User.objects.create_user("amina")
    to = support.address(user, "sms", support.NUMBER)
    now = clock.now()
    young, old = (sent(user, to, now - timedelta(days=days)) for days in (547, 549))
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.filter(delivery=young).forget()
    assert Attempt.objects.filter(delivery=old).forget() == 1
    with pytest.raises(RecordIsFinal):
        Consent.objects.all().forget()
