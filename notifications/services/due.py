"""Publish what has been waiting for its time. Safe to run on every node at once."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from notifications import selectors
from notifications.models import Notification
from notifications.payloads import notification_payload
from notifications.services.announcement import announcements_publish_due
from realtime import jobs, names
from realtime.publish import publish_many

BATCH = 200  # notifications claimed and published in one transaction


def publish_due() -> int:
    """Publish the notifications and announcements that are due; return how many."""
    done = jobs.run_each(
        "publish_due",
        {"notifications": notifications_publish_due, "announcements": announcements_publish_due},
    )
    return sum(done.values())


def notifications_publish_due() -> int:
    """Publish each notification that is due exactly once; return how many this call did."""
    total = 0
    # Asked first without a transaction, which on SQLite would take the only write lock.
    while selectors.notifications_due(timezone.now()).exists():
        done = _publish_batch()
        if not done:
            break  # another node has locked all of them
        total += done
    return total


@transaction.atomic
def _publish_batch() -> int:
    now = timezone.now()
    due = selectors.notifications_due(now).select_for_update(skip_locked=True)[:BATCH]
    rows = {row.pk: row for row in due}
    claimed = Notification.objects.filter(pk__in=rows, published_at__isnull=True)
    if claimed.update(published_at=now, updated_at=now) != len(rows):
        raise RuntimeError("notifications were published by somebody who did not lock them")
    publish_many(
        [(names.user_stream(row.user_id), notification_payload(row)) for row in rows.values()]
    )
    return len(rows)
