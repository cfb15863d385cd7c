"""Decide whether the row of an alert fires at a price that the engine has seen. Pure.

The engine's memory may be behind the rows: an alert was changed, paused or removed meanwhile. So
the row decides, under its lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from hoardrun.market.alerts.board import Fires, Waiting
from hoardrun.market.alerts.choices import AlertMode, AlertState
from hoardrun.market.alerts.models import PriceAlert
from hoardrun.market.alerts.thresholds import is_reached, way_back
from hoardrun.market.alerts.times import microseconds_of

_SECOND = 1_000_000


class Verdict(Enum):
    FIRE = auto()
    KEEP = auto()  # it is armed, and this does not concern it
    DROP = auto()  # it waits for nothing, or the engine takes it up anew
    EXPIRE = auto()


@dataclass(frozen=True, slots=True)
class Seen:
    """What has fired, and whose price it was."""

    fires: Fires
    source: str


def verdict(row: PriceAlert, fires: Fires, now: datetime) -> Verdict:
    """Judge an alert that a number seems to have reached. `now` is the database's time.

    A number of before the alert was armed does not concern it; of one that was reached at an
    unknown time, the earliest counts.
    """
    if row.state != AlertState.ARMED or row.metric is not fires.metric:
        return Verdict.DROP
    if row.expires_at is not None and row.expires_at <= now:
        return Verdict.EXPIRE
    assert row.armed_as_of is not None  # a constraint holds it
    earliest = fires.at if fires.since is None else fires.since
    if microseconds_of(row.armed_as_of) > earliest:
        return Verdict.KEEP
    if not is_reached(row.is_above, row.threshold, fires.value):
        return Verdict.KEEP
    return Verdict.FIRE


def state_after(row: PriceAlert) -> AlertState:
    """Return the state of an alert that has fired."""
    return AlertState.WAITING_REARM if row.mode == AlertMode.REPEAT else AlertState.FIRED


def waiting(row: PriceAlert) -> Waiting:
    """Say for what a repeated alert waits that has fired."""
    assert row.last_fired_as_of is not None
    return Waiting(
        row.pk,
        row.metric,
        row.is_above,
        row.threshold,
        way_back(row.is_above, row.threshold, row.hysteresis, row.metric),
        microseconds_of(row.last_fired_as_of) + row.cooldown_seconds * _SECOND,
    )
