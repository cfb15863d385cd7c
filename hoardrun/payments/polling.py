"""When a provider is asked again about a payment, and when a person is. Pure: jitter is given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from hoardrun.payments.states import LIVE, State

JITTER = 0.2
LONGEST_WHILE_PROMPTED = timedelta(seconds=60)
AFTER_THE_PROMPT = timedelta(seconds=30)  # an answer to it may take that long
WITHOUT_A_PROMPT = timedelta(minutes=2)  # a payout is looked at often for so long
THEN = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 30))
AT_LAST = timedelta(hours=1)
GIVES_UP_AFTER = timedelta(hours=72)
STAFF_AFTER = timedelta(minutes=10)  # of not knowing


class Plan(Struct, frozen=True):
    """The time that a provider's prompt usually takes, after which it is asked first."""

    first_seconds: float


def next_look(
    plan: Plan, *, sent_at: datetime, expires_at: datetime | None, now: datetime, jitter: float
) -> datetime | None:
    """Return the time of the next look, or None once a person must look.

    `jitter` is between -1 and 1: a fifth of the gap at most, so that payments that began together
    are not asked for together.
    """
    for time, gap in _times(plan, sent_at, expires_at):
        spread = gap * JITTER
        # A look that jitter made early has been this one.
        if time - spread > now:
            return time + spread * jitter
    return None


def for_staff(state: State, *, since: datetime, sent_at: datetime, now: datetime) -> str:
    """Return the reason why a person must look at a payment, or nothing."""
    if state is State.HELD:
        return "held"
    if state in LIVE and now - sent_at >= GIVES_UP_AFTER:
        return "unanswered"
    if state is State.UNKNOWN and now - since > STAFF_AFTER:
        return "unknown"
    return ""


def _times(
    plan: Plan, sent_at: datetime, expires_at: datetime | None
) -> Iterator[tuple[datetime, timedelta]]:
    """Yield each time of the plan with the gap before it, as far as jitter may use that."""
    ends_at = (expires_at or sent_at + WITHOUT_A_PROMPT) + AFTER_THE_PROMPT
    gap = timedelta(seconds=plan.first_seconds)
    time = sent_at + gap
    while time <= ends_at:
        yield time, min(gap, LONGEST_WHILE_PROMPTED)
        gap = min(2 * gap, LONGEST_WHILE_PROMPTED)
        time += gap
    time = ends_at
    for gap in THEN:
        time += gap
        yield time, gap
    while time + AT_LAST <= sent_at + GIVES_UP_AFTER:
        time += AT_LAST
        yield time, AT_LAST
