"""How long deliveries wait in this deployment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications.channels import registry
from notifications.channels.email.smtp import Smtp
from notifications.channels.message import Answer
from notifications.channels.sms.twilio import Twilio
from notifications.delivery import times
from notifications.delivery.steps import UNKNOWN_WAITS, Again, FindOut, next_step
from realtime.outgoing import Outcome


@pytest.mark.parametrize(("lease", "begins"), [(60, 10), (600, 10), (6, 1)])
def test_a_call_begins_early_in_its_lease(settings, lease, begins):
    settings.CHANNELS = {"DELIVERY_LEASE_SECONDS": float(lease)}
    assert times.lease() == timedelta(seconds=lease)
    assert times.begins_within() == timedelta(seconds=begins)


@pytest.mark.parametrize("lease", [0.5, 6.0, 60.0])
def test_a_lease_outlasts_the_wait_and_the_call(settings, lease):
    given = {"SMS_PROVIDERS": ("twilio",), "EMAIL_HOST": "mail.example.com"}
    settings.CHANNELS = {**given, "DELIVERY_LEASE_SECONDS": lease}
    smtp, twilio = registry.every()
    assert isinstance(smtp, Smtp) and isinstance(twilio, Twilio)
    for longest in (smtp._seconds, twilio._client._longest):
        assert times.begins_within().total_seconds() + longest < lease


def test_pauses_are_divided_as_those_of_ladders(settings):
    settings.ESCALATION_TIME_SCALE = 10
    assert times.scaled(timedelta(minutes=2)) == timedelta(seconds=12)


def test_what_a_provider_asks_for_is_not_divided():
    def step(outcome, **answer):
        given = Answer(outcome=outcome, **answer)
        return next_step(
            given, channel="sms", attempts=1, has_another=False, jitter=1.0, scale=10.0
        )

    assert step(Outcome.UNKNOWN) == FindOut(UNKNOWN_WAITS["sms"] / 10)
    assert step(Outcome.LATER) == Again(timedelta(seconds=0.2), "later")
    assert step(Outcome.LATER, retry_after_seconds=7) == Again(timedelta(seconds=8), "later")
