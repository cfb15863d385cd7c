"""Decide whether the row of an alert fires at a price that the engine has seen. Pure.

The engine's memory may be behind the rows: an alert was changed, paused or removed meanwhile. So
the row decides, under its lock.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from hoardrun.market.alerts.board import Fires, Number, Rearms, Waiting
from hoardrun.market.alerts.choices import AlertMode, AlertState
from hoardrun.market.alerts.models import PriceAlert
from hoardrun.market.alerts.thresholds import is_reached, way_back
from hoardrun.market.alerts.times import microseconds_of

_SECOND = 1_000_000


class Verdict(Enum):
    FIRE = auto()
    WAIT = auto()  # it has fired already, and waits to be armed again
    KEEP = auto()  # it is armed, and this does not concern it
    EXPIRE = auto()


class Seen(NamedTuple):
    """A number that an alert has waited for, and whose price it was."""

    number: Number
    source: str


class Judged(NamedTuple):
    """The verdict about one alert; if it fires, with the number that it fires at."""

    verdict: Verdict
    number: Number | None = None


def judged(row: PriceAlert, fires: Fires) -> Judged:
    """Judge a watched alert that one of some numbers seems to have reached.

    A number of before the alert was armed does not concern it, nor one of after its end, however
    late it is judged; of one that was reached at an unknown time, the earliest counts.
    """
    if row.state == AlertState.WAITING_REARM:
        return Judged(Verdict.WAIT)
    assert row.armed_as_of is not None  # a constraint holds it
    armed_at, is_above, threshold = microseconds_of(row.armed_as_of), row.is_above, row.threshold
    for number in fires.numbers:
        if number.earliest >= armed_at and is_reached(is_above, threshold, number.value):
            is_over = row.expires_at is not None and (
                microseconds_of(row.expires_at) <= number.earliest
            )
            return Judged(Verdict.EXPIRE) if is_over else Judged(Verdict.FIRE, number)
    return Judged(Verdict.KEEP)


def state_after(row: PriceAlert) -> AlertState:
    """Return the state of an alert that has fired."""
    return AlertState.WAITING_REARM if row.mode == AlertMode.REPEAT else AlertState.FIRED


def waiting(row: PriceAlert) -> Waiting:
    """Say for what a repeated alert waits that has fired."""
    assert row.last_fired_as_of is not None
    fired_at = microseconds_of(row.last_fired_as_of)
    return Waiting(
        row.pk,
        row.metric,
        row.is_above,
        row.threshold,
        way_back(row.is_above, row.threshold, row.hysteresis, row.metric),
        fired_at,
        fired_at + row.cooldown_seconds * _SECOND,
    )


def may_rearm(row: PriceAlert, rearms: Rearms) -> bool:
    """Say whether an alert that waits for its way back is armed by a decision of the engine.

    That was made of an earlier firing if the alert has fired once more meanwhile, by a price which
    was missed.
    """
    return rearms.at >= waiting(row).ready_at
