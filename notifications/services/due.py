"""Publish notifications and announcements whose time has come, and wake what was snoozed.

A job calls it on every node every second; two nodes never publish the same one.
"""

from __future__ import annotations

import logging

from notifications import selectors, validation
from notifications.ladders import notifications_appear
from notifications.models import Notification
from notifications.services.announcement import announcements_publish_due
from notifications.services.bulk import notifications_archive
from notifications.services.keeping import notifications_wake
from realtime import clock, jobs
from realtime.errors import InvalidInput
from realtime.retry import one_transaction

logger = logging.getLogger(__name__)

BATCH = 200  # notifications claimed and published in one transaction


def publish_due() -> int:
    """Publish all that is due; return how many."""
    done = jobs.run_each(
        "publish_due",
        {
            "notifications": notifications_publish_due,
            "announcements": announcements_publish_due,
            "snoozed": notifications_wake,
        },
    )
    return sum(done.values())


def notifications_publish_due() -> int:
    """Publish each due notification exactly once; return how many this call published."""
    total = 0
    # Ask without a transaction first: on SQLite it would take the only write lock.
    while selectors.notifications_due().exists():
        claimed, published = _publish_batch()
        if not claimed:
            break  # another node has locked all of them
        total += published
    return total


@one_transaction
def _publish_batch() -> tuple[int, int]:
    """Claim a batch; return how many were due, and how many of them were published."""
    now = clock.now()
    due = list(
        selectors.notifications_due().select_for_update(skip_locked=True, no_key=True)[:BATCH]
    )
    rows = [row for row in due if _is_sound(row)]
    # A row that cannot be published would otherwise block all that come after it.
    notifications_archive(ids={row.pk for row in due}.difference(row.pk for row in rows))
    claimed = Notification.objects.filter(
        pk__in=[row.pk for row in rows], published_at__isnull=True
    )
    if claimed.update(published_at=now, updated_at=now) != len(rows):
        raise RuntimeError("notifications were published by another process that did not lock them")
    notifications_appear(rows)
    return len(due), len(rows)


def _is_sound(row: Notification) -> bool:
    """Return whether the protocol can carry it. A row that SQL wrote by hand is unchecked."""
    try:
        validation.check(row, Notification.CHECKED)
    except InvalidInput as error:
        logger.error("notification %s is archived instead of published: %s", row.pk, error)
        return False
    return True
