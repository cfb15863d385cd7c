"""What there is to do now: one query for the judge, and one for a lane.

A worker that is idle asks each second, so that is all that it costs.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import NamedTuple

from django.db.models.functions import Now

from notifications.delivery import claim, digests, fallback, judge, reap, settle
from notifications.kinds import Channel
from realtime import clock
from realtime.sql.firsts import Firsts

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
    now, (soonest, *others) = _of_judge().ask()
    left = LONGEST_WAIT_SECONDS
    if soonest is not None:
        left = min(left, (clock.moment_of(soonest) - now).total_seconds())
    return Judging(left, *(found is not None for found in others))


def of_lane(channel: Channel, since: timedelta = timedelta()) -> Sending:
    """Ask for what of a channel is to be settled, and what is to be sent `since` so long."""
    _, found = _of_lane(channel, since).ask()
    return Sending(*(one is not None for one in found))


@cache
def _of_judge() -> Firsts:
    return Firsts(
        judge.open_ones().order_by("due_at").values_list("due_at"),
        digests.due().values_list("pk"),
        fallback.open_ones().values_list("pk"),
        reap.over().values_list("pk"),
    )


@cache
def _of_lane(channel: Channel, since: timedelta) -> Firsts:
    queued = claim.due(channel).filter(not_before__lte=Now() - since)
    return Firsts(settle.due(channel).values_list("pk"), queued.values_list("pk"))
