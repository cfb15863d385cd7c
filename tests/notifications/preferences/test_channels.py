"""Whether a channel can reach a user, by the addresses there are and what is known of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from notifications.models import Address, Suppression
from notifications.policy.facts import EVERYTHING, OPTIONAL
from notifications.preferences.channels import channel_states
from realtime import clock
from realtime.outgoing import pacing

PHONE = {
    "SMS_PROVIDERS": ("africastalking",),
    "AFRICASTALKING_USERNAME": "hoard",
    "AFRICASTALKING_API_KEY": "key",
}


@pytest.fixture
def sms(settings: Any) -> None:
    settings.CHANNELS = PHONE


def address(user: User, state: str = "verified", value: str = "1") -> Address:
    now = clock.now()
    return Address.objects.create(
        user=user, channel="sms", value=value, hash=value * 64, state=state,
        verified_at=now, created_at=now, touched_at=now,
    )  # fmt: skip


def state_of(user: User) -> str:
    return channel_states(user.pk, clock.now())["sms"]


def suppress(row: Address, scope: str) -> None:
    Suppression.objects.create(
        channel="sms", hash=row.hash, scope=scope, reason="stop", created_at=clock.now()
    )


@pytest.mark.usefixtures("sms")
def test_it_says_what_is_in_the_way(alice, bob):
    address(bob, value="3")
    assert state_of(alice) == "no_address"
    first = address(alice, "unverified")
    assert state_of(alice) == "unverified"
    Address.objects.filter(pk=first.pk).update(state="verified")
    assert state_of(alice) == "ready"
    suppress(first, OPTIONAL)
    assert state_of(alice) == "opted_out"
    suppress(first, EVERYTHING)
    assert state_of(alice) == "suppressed"
    second = address(alice, value="2")
    assert state_of(alice) == "ready"
    Address.objects.filter(pk=second.pk).update(state="removed", removed_at=clock.now())
    assert state_of(alice) == "suppressed"
    assert state_of(bob) == "ready"


@pytest.mark.usefixtures("sms")
def test_a_channel_that_is_stopped_or_missing_reaches_nobody(alice, settings):
    address(alice)
    pacing.stop("channel:sms", by="root", why="a test")
    assert state_of(alice) == "stopped"
    settings.CHANNELS = {}
    assert channel_states(alice.pk, clock.now()) == {"push": "off", "sms": "off", "email": "off"}
