"""The state of a broadcast, by its record, its decision and the database's time."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import QuerySet
from django.db.models.functions import Now

from hoardrun.broadcasts.models import Broadcast
from realtime import clock

APPROVAL_HOURS = 24


class State(StrEnum):
    SENT = "sent"  # at once: it needed no approval
    WAITING = "waiting"
    APPROVED = "approved"  # and with that sent
    REJECTED = "rejected"
    EXPIRED = "expired"


def state_of(broadcast: Broadcast) -> State:
    """Say where a broadcast stands now."""
    if not broadcast.needs_approval:
        return State.SENT
    if decision := getattr(broadcast, "decision", None):
        return State.APPROVED if decision.approved else State.REJECTED
    return State.WAITING if clock.now() < expires_at(broadcast) else State.EXPIRED


def expires_at(broadcast: Broadcast) -> datetime:
    """Say until when a broadcast may be approved."""
    return broadcast.created_at + timedelta(hours=APPROVAL_HOURS)


def broadcasts_waiting() -> QuerySet[Broadcast]:
    """List those that can be decided on."""
    return Broadcast.objects.select_related("author").filter(
        needs_approval=True,
        decision=None,
        created_at__gt=Now() - timedelta(hours=APPROVAL_HOURS),
    )
