"""Rows for the tests of deliveries."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import User

from notifications.models import Address, Delivery, Escalation, Notification
from realtime import clock

HOUR = timedelta(hours=1)
NUMBER = "+256772000001"


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
            "policy_version": "p",
            "context": {"title": notice.title, "message": notice.message},
            "not_before": now,
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
