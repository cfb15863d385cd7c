"""Choose what follows from the end of a call: again, elsewhere, later, find out, give up. Pure.

The second provider is tried only if the first one has certainly done nothing (*not sent*) or has
said no (*refused*). An outcome that is not known never leads to another call by itself: see
`settle`.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from notifications.channels.message import Answer
from notifications.kinds import Channel
from realtime.outgoing import Outcome

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=15)
LONGEST_WAIT_SECONDS = 7 * 86_400.0  # that a Retry-After may ask for
# How long a message waits for news before its unknown outcome is settled. Push and e-mail are then
# sent again, which nobody notices; for an SMS there is a look-up or a report.
UNKNOWN_WAITS: dict[Channel, timedelta] = {
    "push": timedelta(seconds=5),
    "email": timedelta(seconds=60),
    "sms": timedelta(minutes=2),
}


class Done(msgspec.Struct, frozen=True):
    """The provider has it."""


class Failed(msgspec.Struct, frozen=True):
    """It will not be sent: `reason` says why."""

    reason: str


class Again(msgspec.Struct, frozen=True):
    """Queue it again, not before `pause` has passed."""

    pause: timedelta
    reason: str


class FindOut(msgspec.Struct, frozen=True):
    """It may have been sent: settle it after `pause`."""

    pause: timedelta


Step = Done | Failed | Again | FindOut


def next_step(
    answer: Answer,
    *,
    channel: Channel,
    attempts: int,
    has_another: bool,
    jitter: float,
    scale: float = 1.0,
) -> Step:
    """Return what follows from an answer to attempt number `attempts`.

    `has_another` says that a provider is left that has not refused it. `jitter` is a random number
    from 0 to 1, so that what failed together does not come back together. `scale` divides our own
    pauses, never one that a provider asks for.
    """
    if answer.outcome is Outcome.ACCEPTED:
        return Done()
    if answer.outcome is Outcome.UNKNOWN:
        return FindOut(UNKNOWN_WAITS[channel] / scale)
    if answer.outcome is Outcome.REFUSED:
        if has_another and not answer.verdict:
            return Again(timedelta(), "refused")
        return Failed(answer.verdict or answer.code or "refused")
    if answer.outcome is Outcome.NOT_SENT and has_another:
        return Again(timedelta(), "not_sent")
    if answer.retry_after_seconds is not None:
        # Exactly as asked, then a little later: never earlier.
        pause = seconds(answer.retry_after_seconds + jitter)
    else:
        pause = backoff(attempts) * (0.5 + jitter / 2) / scale
    return Again(pause, answer.outcome.value)


def backoff(attempts: int) -> timedelta:
    """Return the longest pause after this number of attempts: doubled each time, up to a limit."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 20)), LONGEST_PAUSE)


def seconds(count: float) -> timedelta:
    """Return a pause of this many seconds, at most one that can be added to a date."""
    return timedelta(seconds=min(max(count, 0.0), LONGEST_WAIT_SECONDS))
