"""What is said of deliveries later: once, in any order, for the right delivery."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from django.contrib.auth.models import User

from notifications.delivery.receipts import DEVICE, WRITTEN, Heard, join, receipts_take
from notifications.models import Receipt, Suppression
from realtime import clock
from tests.notifications.delivery import support
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent():
    """An SMS that a provider has taken."""
    user = User.objects.create_user("amina")
    notice = note(user)
    support.ladder(notice)
    return support.delivery(
        notice,
        support.address(user, "sms", support.NUMBER),
        state="accepted",
        accepted_at=clock.now(),
        attempts=1,
        lease=1,
        provider="africastalking",
        provider_id="ATXid_1",
    )


def heard(fact, key="", **more):
    return Heard(
        **{
            "provider": "africastalking",
            "event_key": key or fact,
            "fact": fact,
            "provider_id": "ATXid_1",
            **more,
        }
    )


def test_a_repeated_receipt_changes_nothing(sent):
    then = clock.now() - timedelta(minutes=1)
    assert receipts_take([heard("delivered", happened_at=then), heard("delivered")]) == 1
    sent.refresh_from_db()
    changed = sent.updated_at
    assert (sent.state, sent.delivered_at) == ("delivered", then)
    assert receipts_take([heard("delivered")]) == 0
    sent.refresh_from_db()
    assert sent.updated_at == changed
    assert Receipt.objects.get().delivery_id == sent.pk


@pytest.mark.reported(number=18)
def test_any_order_ends_in_the_same_state(sent):
    for order in permutations(["accepted", "failed", "delivered"]):
        receipts_take([heard(fact, f"{order}-{fact}") for fact in order])
        sent.refresh_from_db()
        assert sent.state == "delivered"


def test_a_failure_makes_the_next_rung_due(sent):
    assert not support.is_due(sent.notification.escalation)
    receipts_take([heard("failed", code="UserInactive")])
    assert support.is_due(sent.notification.escalation)


def test_where_nothing_is_signed_the_number_must_be_right_too(sent):
    assert receipts_take([heard("failed", address_hash="of another")]) == 1
    sent.refresh_from_db()
    assert (sent.state, Receipt.objects.get().delivery_id) == ("accepted", None)
    receipts_take([heard("delivered", address_hash=sent.address_hash)])
    sent.refresh_from_db()
    assert sent.state == "delivered"


def test_a_receipt_that_comes_first_is_joined_later(sent):
    early = heard("delivered", provider_id="ATXid_2")
    assert receipts_take([early]) == 1
    assert Receipt.objects.get().delivery_id is None
    sent.provider_id = "ATXid_2"
    join([sent], clock.now())
    sent.save(update_fields=WRITTEN)
    sent.refresh_from_db()
    assert (sent.state, Receipt.objects.get().delivery_id) == ("delivered", sent.pk)


def test_our_own_token_names_the_delivery(sent):
    device = heard("displayed", provider=DEVICE, provider_id="", delivery_id=sent.pk)
    assert receipts_take([device]) == 1
    unknown = heard("displayed", "2", provider=DEVICE, provider_id="", delivery_id=sent.pk + 1000)
    assert receipts_take([unknown]) == 1
    sent.refresh_from_db()
    assert (sent.displayed_at is not None, sent.provider_id) == (True, "ATXid_1")


def test_a_callback_with_our_id_settles_an_unknown_outcome(sent):
    type(sent).objects.update(state="unknown", accepted_at=None, provider_id=None)
    receipts_take([heard("accepted", provider_id="ATXid_9", delivery_id=sent.pk)])
    sent.refresh_from_db()
    assert (sent.state, sent.provider_id) == ("accepted", "ATXid_9")


def test_what_waits_unsent_is_no_business_of_a_receipt(sent):
    type(sent).objects.update(state="queued", attempts=0, accepted_at=None)
    receipts_take([heard("delivered")])
    sent.refresh_from_db()
    assert sent.state == "queued"


def test_a_verdict_of_a_receipt_reaches_the_address(sent):
    receipts_take([heard("failed", verdict="opted_out")])
    assert Suppression.objects.get().hash == sent.address_hash


def test_an_id_that_another_delivery_has_is_not_taken_over(sent):
    other = support.delivery(note(sent.user), sent.address, state="accepted", attempts=1)
    type(other).objects.filter(pk=other.pk).update(provider="africastalking")
    assert receipts_take([heard("delivered", delivery_id=other.pk)]) == 1
    other.refresh_from_db()
    assert (other.state, other.provider_id) == ("delivered", None)
