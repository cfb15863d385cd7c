"""Rows for the tests of deliveries."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import User

from notifications.models import Address, Delivery, Escalation, Notification
from realtime import clock, reach
from realtime.models import Cursor, Departure, Stream
from realtime.streams import user_stream
from tests.notifications.support import note

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MOMENT = timedelta(milliseconds=10)  # what is due since then is due, however coarse the clock
NUMBER = "+256772000001"
_THEN = "2026-03-02T12:05:00Z"
CONTEXTS: dict[str, Any] = {
    "transaction.failed": {
        "direction": "outbound",
        "amount": {"amount": "1250000", "currency": "UGX"},
        "happened_at": _THEN,
    },
    "transaction.debit": {
        "amount": {"amount": "1250000", "currency": "UGX"},
        "happened_at": _THEN,
    },
    "security.pin_changed": {"happened_at": _THEN},
    "system.general": None,
    "savings.general": None,
    "marketing.general": None,
}


def address(user: User, channel: str, value: str, **more: Any) -> Address:
    """Add a verified address."""
    now = clock.now()
    return Address.objects.create(
        **{
            "user": user,
            "channel": channel,
            "value": value,
            "hash": sha256(value.encode()).hexdigest(),
            "state": "verified",
            "created_at": now,
            "touched_at": now - HOUR,
            "verified_at": now,
            **more,
        }
    )


def ladder(notice: Notification, **more: Any) -> Escalation:
    """Give a notification a ladder that is due in an hour."""
    now = clock.now()
    values = {
        "user_id": notice.user_id,
        "kind": "system.general",
        "policy_version": "p",
        "event_offset": 1,
        "epoch": "e",
        "committed_at": now,
        "due_at": now + HOUR,
        **more,
    }
    return Escalation.objects.update_or_create(notification=notice, defaults=values)[0]


def delivery(notice: Notification, to: Address, **more: Any) -> Delivery:
    """Queue a delivery."""
    now = clock.now()
    return Delivery.objects.create(
        **{
            "notification": notice,
            "user_id": notice.user_id,
            "kind": "system.general",
            "category": "system",
            "channel": to.channel,
            "address": to,
            "address_hash": to.hash,
            "decided_by": "due",
            "rung": 9,  # of no ladder: its last look asks for the address alone
            "policy_version": "p",
            "context": {"title": notice.title, "message": notice.message},
            "not_before": now - MOMENT,
            "expires_at": now + HOUR,
            "created_at": now,
            "updated_at": now,
            **more,
        }
    )


def is_due(row: Escalation, now: datetime | None = None) -> bool:
    """Say whether a ladder is to be judged now."""
    row.refresh_from_db()
    return row.closed_at is None and row.due_at <= (now or clock.now())


def committed(user: User, kind: str, ago: timedelta = timedelta(), **more: Any) -> Escalation:
    """Commit a notification of a kind some time ago; its ladder is due now."""
    now = clock.now()
    notice = note(user)
    context = more.pop("context", CONTEXTS[kind])
    Notification.objects.filter(pk=notice.pk).update(kind=kind, context=context)
    notice.refresh_from_db()
    stream = user_stream(user.pk)
    head = reach.positions([stream])[stream]
    values = {
        "kind": kind,
        "event_offset": head.head,
        "epoch": head.epoch,
        "committed_at": now - ago,
        "due_at": now - MOMENT,
    }
    return ladder(notice, **{**values, **more})


def acked(user: User, row: Escalation, *, device_class: str = "phone", **more: Any) -> Cursor:
    """Let a device apply the event of a notification, and be gone again."""
    now = clock.now()
    stream = Stream.objects.get(name=user_stream(user.pk))
    device = more.pop("device", "her phone")
    Departure.objects.create(
        connection_id=f"{device} {now.timestamp()}",
        user=user,
        device=device,
        device_class=device_class,
        code=1000,
        opened_at=now,
        closed_at=now,
        active_at=more.pop("active_at", None),
    )
    values = {"epoch": row.epoch, "acked": row.event_offset, **more}
    return Cursor.objects.create(user=user, device=device, stream=stream, **values)


def deliveries(row: Escalation, *channels: str) -> list[tuple[str, str, str]]:
    """Return channel, state and reason of what a ladder has led to, by these channels or all."""
    found = Delivery.objects.filter(notification=row.pk).order_by("rung", "pk")
    return [
        (one.channel, one.state, one.reason)
        for one in found
        if not channels or one.channel in channels
    ]
