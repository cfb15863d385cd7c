"""Lift suppressions, with a reason, and with a second person after a complaint."""

from __future__ import annotations

from notifications.choices import LiftState
from notifications.models import Suppression, SuppressionLift
from notifications.models.lift import COMPLAINED
from notifications.suppressions.errors import (
    LiftDecided,
    LiftNotFound,
    LiftWaits,
    SuppressedAgain,
    SuppressionNotFound,
)
from notifications.validation import why_given
from realtime import clock
from realtime.core.text import row_id
from realtime.errors import SecondPerson
from realtime.log_context import request_id
from realtime.retry import one_transaction

MAY_LIFT = "notifications.lift_suppression"
MAY_DECIDE = "notifications.decide_suppressionlift"


@one_transaction
def suppression_lift(*, suppression_id: int | str, by: int, why: str) -> SuppressionLift:
    """Lift a suppression; after a complaint, ask for a second person. Raises Refused."""
    why = why_given(why)
    rows = Suppression.objects.select_for_update(no_key=True)
    row = rows.filter(pk=row_id(suppression_id)).first()
    if row is None:
        raise SuppressionNotFound(suppression_id)
    now = clock.now()
    place = {"channel": row.channel, "hash": row.hash, "scope": row.scope}
    waiting = SuppressionLift.objects.filter(**place, state=LiftState.WAITING).first()
    is_same = waiting is not None and waiting.suppressed_at == row.created_at
    if waiting is not None and is_same:
        raise LiftWaits(waiting.pk)
    if waiting is not None:  # of an older suppression, which nobody can lift any more
        _decide(waiting, by, LiftState.REJECTED)
    lift = SuppressionLift(
        **place, reason=row.reason, source=row.source, suppressed_at=row.created_at, why=why,
        asked_by_id=by, asked_at=now,
    )  # fmt: skip
    if row.reason != COMPLAINED:
        lift.state, lift.decided_by_id, lift.decided_at = LiftState.LIFTED, by, now
        row.delete()
    lift.save()
    return lift


@one_transaction
def lift_confirm(*, lift_id: int | str, by: int) -> SuppressionLift:
    """Lift what another person has asked for. Raises Refused."""
    lift = _waiting(lift_id)
    if lift.asked_by_id == by:
        raise SecondPerson
    rows = Suppression.objects.select_for_update(no_key=True)
    row = rows.filter(channel=lift.channel, hash=lift.hash, scope=lift.scope).first()
    if row is None or row.created_at != lift.suppressed_at:
        raise SuppressedAgain
    row.delete()
    return _decide(lift, by, LiftState.LIFTED)


@one_transaction
def lift_reject(*, lift_id: int | str, by: int) -> SuppressionLift:
    """Reject a request; the person who made it may, too, to take it back. Raises Refused."""
    return _decide(_waiting(lift_id), by, LiftState.REJECTED)


def _waiting(lift_id: int | str) -> SuppressionLift:
    """Lock a request, so that of two decisions at once the second finds the first."""
    rows = SuppressionLift.objects.select_for_update(no_key=True)
    lift = rows.filter(pk=row_id(lift_id)).first()
    if lift is None:
        raise LiftNotFound(lift_id)
    if lift.state != LiftState.WAITING:
        raise LiftDecided(lift.get_state_display().lower())
    return lift


def _decide(lift: SuppressionLift, by: int, state: LiftState) -> SuppressionLift:
    lift.state, lift.decided_by_id, lift.decided_at = state, by, clock.now()
    lift.decided_request_id = request_id()
    lift.save(update_fields=["state", "decided_by", "decided_at", "decided_request_id"])
    return lift
