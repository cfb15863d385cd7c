"""The tier of a customer, and which phones are theirs."""

from __future__ import annotations

from django.contrib.auth.models import User

from hoardrun.payments.tiers.selectors import owns_phone, tier_of
from notifications.addresses.values import address_hash
from notifications.models import Address
from realtime import clock

PHONE, OTHER = "+256772123456", "+256772123457"


def give(user: User, value: str, state: str) -> None:
    """Give a user a phone, in a state of its proof."""
    now = clock.now()
    Address.objects.create(
        user=user,
        channel="sms",
        value=value,
        hash=address_hash("sms", value),
        state=state,
        created_at=now,
        touched_at=now,
        verified_at=now if state == "verified" else None,
    )


def test_a_phone_is_the_customers_once_it_is_proven(alice: User, bob: User):
    give(alice, PHONE, "unverified")
    give(bob, PHONE, "removed")
    assert not owns_phone(user_id=alice.pk, msisdn=PHONE)
    Address.objects.filter(user=alice).update(state="verified", verified_at=clock.now())
    assert owns_phone(user_id=alice.pk, msisdn=PHONE)
    assert not owns_phone(user_id=alice.pk, msisdn=OTHER)
    assert not owns_phone(user_id=bob.pk, msisdn=PHONE)


def test_a_proven_phone_makes_a_tier(alice: User, bob: User):
    give(alice, PHONE, "verified")
    give(bob, OTHER, "unverified")
    assert (tier_of(alice.pk), tier_of(bob.pk)) == ("phone", "new")
