"""What there is to do now: one query for the judge, and one for a lane.

A worker that is idle asks each second, so that is all that it costs.
"""

from __future__ import annotations

from typing import NamedTuple

from notifications.delivery import claim, digests, fallback, judge, reap, settle
from notifications.kinds import Channel
from realtime import clock
from realtime.sql.firsts import firsts

LONGEST_WAIT_SECONDS = 3600.0


class Judging(NamedTuple):
    """What a judge has to do."""

    ladders_in: float  # seconds until the next ladder is due
    digests: bool
    fallbacks: bool
    leases: bool


class Sending(NamedTuple):
    """What a lane has to do."""

    unknown: bool
    queued: bool


def of_judge() -> Judging:
    """Ask for ladders, digests, fallbacks, and leases of workers that are gone."""
    now, (soonest, *others) = firsts(
        judge.open_ones().order_by("due_at").values_list("due_at"),
        digests.due().values_list("pk"),
        fallback.open_ones().values_list("pk"),
        reap.over().values_list("pk"),
    )
    left = LONGEST_WAIT_SECONDS
    if soonest is not None:
        left = min(left, (clock.moment_of(soonest) - now).total_seconds())
    return Judging(left, *(found is not None for found in others))


def of_lane(channel: Channel) -> Sending:
    """Ask for what of a channel is to be settled, and to be sent."""
    _, found = firsts(settle.due(channel).values_list("pk"), claim.due(channel).values_list("pk"))
    return Sending(*(one is not None for one in found))
