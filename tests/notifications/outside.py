"""Rows of a user in every table of what leaves the system, for tests that need them all."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User

from notifications.models import (
    Address,
    Attempt,
    Consent,
    Delivery,
    Digest,
    DigestItem,
    Escalation,
    Notification,
    Preference,
    PreferenceChange,
    Receipt,
    SuppressionLift,
)
from realtime import clock
from realtime.models import Departure


def fill(user: User, notice: Notification, *, name: str, ip: str) -> None:
    """Insert a row into each table that has rows about a user; texts hold `name` and `ip`."""
    now = clock.now()
    address = Address.objects.create(
        user=user, channel="email", value=f"{name}@example.org", hash=f"h{user.pk}",
        state="verified", created_at=now, touched_at=now, verified_at=now,
    )  # fmt: skip
    Preference.objects.create(user=user, version=1, zone="Africa/Nairobi", updated_at=now)
    PreferenceChange.objects.create(
        user=user, version=1, actor=f"user:{user.pk}", source="api", address=ip,
        old={}, new={"zone": "Africa/Nairobi"}, created_at=now,
    )  # fmt: skip
    Consent.objects.create(
        user=user, channel="email", category="marketing", granted=True, wording="Send me offers.",
        actor=f"user:{user.pk}", source="api", address=ip, created_at=now,
    )  # fmt: skip
    Escalation.objects.get_or_create(
        notification=notice,
        defaults={
            "user": user, "kind": "system.general", "policy_version": "p", "event_offset": 1,
            "epoch": "e", "committed_at": now, "due_at": now, "closed_at": now,
            "reason": "reached", "evidence": {"device": f"{name}'s phone"},
        },
    )  # fmt: skip
    digest = Digest.objects.create(
        user=user, category="savings", channel="email", due_at=now, created_at=now
    )
    DigestItem.objects.create(digest=digest, notification=notice)
    delivery = Delivery.objects.create(
        notification=notice, user=user, kind="system.general", category="system",
        channel="email", address=address, address_hash=address.hash, state="delivered",
        decided_by="condition", policy_version="p", provider="smtp", provider_id=f"id-{user.pk}",
        context={"title": f"Hello {name}"}, evidence={"device": f"{name}'s phone"},
        not_before=now, expires_at=now + timedelta(days=1), created_at=now, updated_at=now,
    )  # fmt: skip
    Attempt.objects.create(
        delivery=delivery, lease=1, provider="smtp", worker="w", outcome="accepted",
        started_at=now, created_at=now,
    )  # fmt: skip
    Receipt.objects.create(
        provider="smtp", event_key=f"k{user.pk}", delivery=delivery, fact="delivered",
        created_at=now,
    )  # fmt: skip
    Departure.objects.create(
        connection_id=f"gone-{user.pk}", user=user, device=f"{name}'s phone", code=1000,
        opened_at=now, closed_at=now,
    )  # fmt: skip
    SuppressionLift.objects.create(
        channel="sms", hash="h", reason="bounced", suppressed_at=now, why="It is new.",
        state="lifted", asked_by=user, asked_at=now, decided_by=user, decided_at=now,
    )  # fmt: skip
