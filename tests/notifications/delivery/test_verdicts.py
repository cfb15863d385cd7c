"""What a provider's word about an address does to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from notifications.delivery.verdicts import Judged, carry_out
from notifications.models import Suppression
from realtime import clock
from tests.notifications.delivery import support

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone():
    return support.address(User.objects.create_user("amina"), "sms", support.NUMBER)


def judged(verdict, row, **more):
    return Judged(
        **{
            "verdict": verdict,
            "channel": row.channel,
            "address_id": row.pk,
            "address_hash": row.hash,
            "since": clock.now(),
            "source": "twilio",
            **more,
        }
    )


@pytest.mark.parametrize(("verdict", "state"), [("gone", "removed"), ("invalid", "invalid")])
def test_an_address_ends_unless_it_was_registered_again_since(phone, verdict, state):
    carry_out([judged(verdict, phone, since=phone.touched_at - timedelta(seconds=1))])
    phone.refresh_from_db()
    assert phone.state == "verified"
    carry_out([judged(verdict, phone)])
    phone.refresh_from_db()
    assert (phone.state, phone.value == "") == (state, state == "removed")
    assert phone.removed_at is None  # that is one whose owner gets a last notice
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("verdict", ["opted_out", "bounced", "complained"])
def test_a_suppression_holds_for_all_owners_for_ever(phone, verdict):
    carry_out([judged(verdict, phone), judged(verdict, phone), judged("", phone)])
    row = Suppression.objects.get()
    assert (row.hash, row.scope, row.reason, row.until) == (phone.hash, "", verdict, None)
    phone.refresh_from_db()
    assert phone.state == "verified"


def test_a_suppression_that_has_ended_begins_anew(phone):
    old = Suppression.objects.create(
        channel="sms", hash=phone.hash, reason="soft", until=clock.now(), created_at=clock.now()
    )
    carry_out([judged("opted_out", phone)])
    old.refresh_from_db()
    assert (old.reason, old.until) == ("opted_out", None)
