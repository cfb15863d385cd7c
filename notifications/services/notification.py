"""Change the state of one notification."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from notifications import selectors, validation
from notifications.choices import Status
from notifications.models import Notification
from realtime import clock
from realtime.retry import one_transaction


def notification_mark_read(
    *, notification_id: int | str, user_id: int | None = None
) -> Notification:
    """Mark it as read, and so as seen. An archived one stays archived."""
    return _change(notification_id, user_id, Notification.read)


def notification_mark_seen(
    *, notification_id: int | str, user_id: int | None = None
) -> Notification:
    """Mark it as seen, which stops the bell's animation. It stays unread."""

    def see(notification: Notification, now: datetime) -> bool:
        if notification.seen_at is not None:
            return False
        notification.seen_at = now
        return True

    return _change(notification_id, user_id, see)


def notification_set_status(
    *, notification_id: int | str, status: str, user_id: int | None = None
) -> Notification:
    """Move it to a status: unread, read or archived."""
    target = validation.choice("status", status, Status.values)
    return _change(notification_id, user_id, lambda row, now: row.move(target, now))


def notification_mark_unread(
    *, notification_id: int | str, user_id: int | None = None
) -> Notification:
    """Mark it as unread again. It stays seen."""
    return notification_set_status(
        notification_id=notification_id, user_id=user_id, status=Status.UNREAD
    )


def notification_archive(*, notification_id: int | str, user_id: int | None = None) -> Notification:
    """Archive it. One that is still scheduled will not be published."""
    return notification_set_status(
        notification_id=notification_id, user_id=user_id, status=Status.ARCHIVED
    )


@one_transaction
def _change(
    notification_id: int | str,
    user_id: int | None,
    change: Callable[[Notification, datetime], bool],
) -> Notification:
    """Apply `change` to the locked row of this user, or of any user."""
    notification = selectors.notification_get(
        notification_id=notification_id, user_id=user_id, lock=True
    )
    if change(notification, clock.now()):
        # Only what changes: a whole save would undo what `publish_due` writes meanwhile.
        notification.save(update_fields=Notification.STATE_FIELDS)
    return notification
