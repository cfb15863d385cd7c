"""Publish what a save or a deletion changed, whether a service, the admin or a shell made it.

Imported when the app is ready. The events commit with the row. `update()`, `bulk_create()` and
`bulk_update()` are not noticed: call `notifications_tell` after them. A row that was created so
is found by `notifications_publish_due`. A notification that is deleted with its user
publishes nothing: the user's sockets are closed.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from notifications.choices import Status
from notifications.delivery.closing import ladders_close
from notifications.delivery.fallback import fallback_begins
from notifications.events import publish_states
from notifications.ladders import notifications_appear
from notifications.models import Announcement, DigestItem, Escalation, Notification
from notifications.payloads import (
    announcement_payload,
    deleted_state,
    notification_state,
)
from realtime import changes, clock
from realtime.protocol.codec import timestamp
from realtime.publish import publish
from realtime.streams import ANNOUNCEMENTS


def notification_saved(before: Notification | None, now: Notification) -> None:
    """Tell the user's devices of a new notification, or of what changed on it."""
    if before is not None and before.published_at is None:
        before = None  # its user was not told of it
    elif before is not None and (before.user_id != now.user_id or now.published_at is None):
        ladders_close([now.pk], "cancelled")
        publish_states([(before.user_id, deleted_state(now))])
        before = None
    if now.published_at is None:
        return
    if before is not None:
        is_back = now.status == Status.UNREAD and before.status != Status.UNREAD
        is_whole = is_back or not before.differs(now) <= set(Notification.STATE)
        publish_states([(now.user_id, notification_state(now, whole=is_whole))])
    else:
        notifications_appear([now])


def notifications_deleted(rows: Sequence[Notification]) -> None:
    """Tell each user, in as few events as they fit into, which notifications are gone."""
    gone = [row.pk for row in rows]
    ladders_close(gone, "cancelled")
    # Here and not by a cascade: that would read all notifications of a user who is deleted.
    for model in (Escalation, DigestItem):
        model._base_manager.filter(notification__in=gone).delete()
    publish_states((row.user_id, deleted_state(row)) for row in rows if row.published_at)


def announcement_saved(before: Announcement | None, now: Announcement) -> None:
    """Publish an announcement to all users, and each later change of it."""
    was_told = before is not None and before.published_at is not None
    offset = None if before is None else before.event_offset
    if before is None or before.differs(now) != {"event_offset"}:
        if now.published_at is not None:
            entry = publish(ANNOUNCEMENTS, announcement_payload(now))
            if not was_told:
                offset = entry.offset
                fallback_begins(now.pk, entry)
        elif was_told:
            _withdraw(now)
    # Take the offset from the event: the instance may hold that of one that was rolled back.
    if now.event_offset != offset:
        Announcement.objects.filter(pk=now.pk).update(event_offset=offset)


def announcements_deleted(rows: Sequence[Announcement]) -> None:
    """Tell all users that the published ones are over."""
    for row in rows:
        if row.published_at is not None:
            _withdraw(row)


def _withdraw(announcement: Announcement) -> None:
    """Publish it with an end that has passed."""
    over = replace(announcement_payload(announcement), ends_at=timestamp(clock.now()))
    publish(ANNOUNCEMENTS, over)


changes.connect(Notification, notification_saved, notifications_deleted)
changes.connect(Announcement, announcement_saved, announcements_deleted)
