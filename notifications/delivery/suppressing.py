"""Suppress addresses, for every user who owns one."""

from __future__ import annotations

from datetime import datetime, timedelta

from notifications.kinds import Channel
from notifications.models import Delivery, Suppression
from notifications.policy.facts import EVERYTHING

# A mailbox that refuses this often within a week rests for a month, without a final refusal.
SOFT_BOUNCES, SOFT_WINDOW, SOFT_PAUSE = 5, timedelta(days=7), timedelta(days=30)


def suppress(
    channel: Channel,
    digest: str,
    *,
    scope: str,
    reason: str,
    source: str,
    now: datetime,
    until: datetime | None = None,
) -> bool:
    """Suppress an address, unless it is suppressed for longer already; return whether it was not.

    Without `until`, for ever.
    """
    row, is_new = Suppression.objects.get_or_create(
        channel=channel,
        hash=digest,
        scope=scope,
        defaults={"reason": reason, "source": source, "until": until, "created_at": now},
    )
    if is_new:
        return True
    if row.until is None or (until is not None and until <= row.until):
        return False
    row.reason, row.source, row.until, row.created_at = reason, source, until, now
    row.save(update_fields=["reason", "source", "until", "created_at"])
    return True


def rest_if_bouncing(digest: str, source: str, now: datetime) -> None:
    """Suppress an e-mail address for a while that has bounced SOFT_BOUNCES times lately."""
    recent = Delivery.objects.filter(
        address_hash=digest, channel="email", bounced_at__gt=now - SOFT_WINDOW
    )
    if recent.count() >= SOFT_BOUNCES:
        suppress(
            "email", digest, scope=EVERYTHING, reason="bouncing", source=source, now=now,
            until=now + SOFT_PAUSE,
        )  # fmt: skip
