"""What follows from the end of a call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications.channels.message import Answer
from notifications.delivery.steps import (
    LONGEST_PAUSE,
    UNKNOWN_WAITS,
    Again,
    Done,
    Failed,
    FindOut,
    backoff,
    next_step,
)
from realtime.outgoing import Outcome


def step(outcome, *, another=False, attempts=1, jitter=1.0, channel="sms", **answer):
    return next_step(
        Answer(outcome=outcome, **answer),
        channel=channel,
        attempts=attempts,
        has_another=another,
        jitter=jitter,
    )


@pytest.mark.reported(number=27)
def test_another_provider_is_tried_only_after_not_sent_and_refused():
    assert step(Outcome.NOT_SENT, another=True) == Again(timedelta(), "not_sent")
    assert step(Outcome.REFUSED, another=True, code="402") == Again(timedelta(), "refused")
    for channel, wait in UNKNOWN_WAITS.items():
        assert step(Outcome.UNKNOWN, another=True, channel=channel) == FindOut(wait)
    assert step(Outcome.LATER, another=True).pause > timedelta()
    assert step(Outcome.ACCEPTED, another=True) == Done()


@pytest.mark.parametrize("verdict", ["gone", "invalid", "opted_out", "bounced"])
def test_an_address_that_is_no_good_is_no_better_at_another_provider(verdict):
    assert step(Outcome.REFUSED, another=True, verdict=verdict) == Failed(verdict)


def test_without_another_provider_a_refusal_is_final_and_not_sent_is_repeated():
    assert step(Outcome.REFUSED, code="21211") == Failed("21211")
    assert step(Outcome.NOT_SENT) == Again(timedelta(seconds=2), "not_sent")


@pytest.mark.reported(number=27)
def test_a_retry_after_is_honoured_exactly():
    for jitter in (0.0, 0.5, 1.0):
        again = step(Outcome.LATER, retry_after_seconds=7, jitter=jitter)
        assert again == Again(timedelta(seconds=7 + jitter), "later")
    far = step(Outcome.LATER, retry_after_seconds=1e300)
    assert far.pause <= timedelta(days=7)


def test_pauses_double_up_to_a_limit():
    assert [backoff(n).total_seconds() for n in (1, 2, 3, 4)] == [2, 4, 8, 16]
    assert backoff(100_000) == LONGEST_PAUSE
    assert step(Outcome.LATER, attempts=3, jitter=0.0).pause == timedelta(seconds=4)
