"""Rows of one notification that has gone many ways, and their trace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User

from notifications.models import Attempt, Delivery, Escalation, Receipt
from notifications.trace.loading import load
from notifications.trace.report import Step, Trace
from notifications.trace.timeline import timeline
from realtime import clock
from realtime.models import Connection, Node
from tests.notifications.delivery.support import NUMBER, address, committed, delivery

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def trace(row: Escalation, **more: Any) -> Trace:
    """Return the trace of a ladder's notification."""
    return timeline(load(row.pk), **more)


def step(row: Escalation, channel: str) -> Step:
    """Return the rung of a ladder that goes by a channel."""
    [found] = [one for one in trace(row).steps if one.channel == channel]
    return found


def debit(user: User, **more: Any) -> Escalation:
    """Commit a debit's notification ten minutes ago."""
    return committed(user, "transaction.debit", ago=10 * MINUTE, **more)


def sms(row: Escalation, **more: Any) -> Delivery:
    """Write the delivery of a debit's rung for SMS."""
    to = more.pop("to", None) or address(row.user, "sms", NUMBER)
    values = {"kind": row.kind, "category": "transaction", "rung": 1, **more}
    return delivery(row.notification, to, **values)


def called(row: Delivery, outcome: str = "accepted", **more: Any) -> Attempt:
    """Write a call for a delivery."""
    now = clock.now()
    values = {"lease": 1, "provider": "twilio", "worker": "w", "started_at": now, **more}
    return Attempt.objects.create(delivery=row, outcome=outcome, created_at=now, **values)


def heard(row: Delivery, fact: str, **more: Any) -> Receipt:
    """Write a receipt of a delivery."""
    values = {"provider": "twilio", "event_key": f"{row.pk}-{fact}", **more}
    return Receipt.objects.create(delivery=row, fact=fact, created_at=clock.now(), **values)


def socket(user: User, device: str, *, ago: timedelta, **more: Any) -> Connection:
    """Open a socket on a node that reports."""
    now = clock.now()
    node, _ = Node.objects.get_or_create(
        id="n", defaults={"host": "h", "pid": 1, "version": "1", "started_at": now, "seen_at": now}
    )
    values = {"id": device, "session": "s", "opened_at": now - ago, **more}
    return Connection.objects.create(node=node, user=user, device=device, **values)
