"""Approval: a broadcast to many is sent once a second person has approved it."""

from __future__ import annotations

from functools import partial
from typing import Any, assert_never

from rest_framework.exceptions import ValidationError

from hoardrun.api.problems import describe
from hoardrun.broadcasts.errors import (
    ApprovalExpired,
    BroadcastNotFound,
    NoLongerValid,
    NothingToDecide,
    OwnBroadcast,
    UnknownRoom,
    UserNotFound,
)
from hoardrun.broadcasts.kinds import EVERYBODY, KINDS
from hoardrun.broadcasts.models import Broadcast, BroadcastDecision
from hoardrun.broadcasts.rules import Staff
from hoardrun.broadcasts.serializers import TARGETS
from hoardrun.broadcasts.services import sent
from hoardrun.broadcasts.state import APPROVAL_HOURS, State, state_of
from notifications.fallbacks.services import fallback_approve
from realtime.errors import InvalidInput, Refused
from realtime.rest.serializers import checked
from realtime.retry import one_transaction


@one_transaction
def broadcast_approve(*, approver: Staff, broadcast_id: int) -> BroadcastDecision:
    """Send a broadcast that waits, in the transaction that records its approval.

    A broadcast that has become invalid is refused, and goes on waiting. Raises Refused.
    """
    broadcast = _to_decide(approver, broadcast_id)
    try:
        send = partial(
            KINDS[broadcast.kind].send, broadcast.author_id, broadcast.target, _data(broadcast)
        )
        result = sent(broadcast.kind, broadcast.target, send)
        if broadcast.payload.get("emergency"):
            result |= _approve_fallback(approver, result["id"])
    except (InvalidInput, UnknownRoom, UserNotFound, ValidationError) as error:
        raise NoLongerValid(_reasons(error)) from None
    return _decide(approver, broadcast, approved=True, result=result)


@one_transaction
def broadcast_reject(*, approver: Staff, broadcast_id: int) -> BroadcastDecision:
    """Record that a broadcast is never to be sent. Raises Refused."""
    broadcast = _to_decide(approver, broadcast_id)
    result = {
        "success": True,
        "message": f"{broadcast.kind.capitalize()} broadcast rejected.",
        "status": "rejected",
        "id": str(broadcast.pk),
        "target": broadcast.target,
    }
    return _decide(approver, broadcast, approved=False, result=result)


def _to_decide(approver: Staff, broadcast_id: int) -> Broadcast:
    """Lock a broadcast, so that of two decisions at once the second finds the first."""
    broadcast = Broadcast.objects.select_for_update(no_key=True).filter(pk=broadcast_id).first()
    if broadcast is None:
        raise BroadcastNotFound(broadcast_id)
    if broadcast.author_id == approver.user_id:
        raise OwnBroadcast
    match state_of(broadcast):
        case State.WAITING:
            return broadcast
        case State.EXPIRED:
            raise ApprovalExpired(APPROVAL_HOURS)
        case State.SENT | State.APPROVED | State.REJECTED as state:
            raise NothingToDecide(state)
        case unknown:
            assert_never(unknown)


def _approve_fallback(approver: Staff, announcement_id: str) -> dict[str, str]:
    """Approve the SMS after an announcement too, if this person may; else they go on waiting."""
    try:
        fallback = fallback_approve(announcement_id=int(announcement_id), user_id=approver.user_id)
    except Refused:
        return {}
    return {"fallback": fallback.state}


def _decide(
    approver: Staff, broadcast: Broadcast, *, approved: bool, result: dict[str, Any]
) -> BroadcastDecision:
    return BroadcastDecision.objects.create(
        broadcast=broadcast,
        decided_by_id=approver.user_id,
        approved=approved,
        address=approver.address,
        result=result,
    )


def _data(broadcast: Broadcast) -> dict[str, Any]:
    """Read a record as its request was read, so that both are sent in the same words."""
    kind = KINDS[broadcast.kind]
    target = {}
    if kind.target is not None and broadcast.target != EVERYBODY:
        target[kind.target] = broadcast.target
    given = checked(kind.serializer, {**broadcast.payload, **target})
    return {name: value for name, value in given.items() if name not in TARGETS}


def _reasons(error: Exception) -> str:
    described = describe(error)
    assert described is not None  # each of them is a refusal
    wrong = described.get("errors", {})
    return "; ".join(f"{name}: {' '.join(why)}" for name, why in wrong.items()) or str(error)
