"""All writes of notifications and announcements.

Each service runs in one transaction and publishes in it, so that the event commits with its row
or not at all. A repeated call changes and publishes nothing.
"""

from __future__ import annotations

from notifications.services.announcement import (
    announcement_create,
    announcement_expire,
    announcement_publish,
    announcements_publish_due,
)
from notifications.services.bulk import (
    notifications_archive,
    notifications_bulk_update,
    notifications_mark_all_read,
    notifications_mark_all_seen,
    notifications_mark_read,
    notifications_resend,
    notifications_tell,
)
from notifications.services.due import notifications_publish_due, publish_due
from notifications.services.mailing import notifications_send
from notifications.services.notification import (
    notification_archive,
    notification_create,
    notification_mark_read,
    notification_mark_seen,
    notification_mark_unread,
    notification_set_status,
)

__all__ = [
    "announcement_create",
    "announcement_expire",
    "announcement_publish",
    "announcements_publish_due",
    "notification_archive",
    "notification_create",
    "notification_mark_read",
    "notification_mark_seen",
    "notification_mark_unread",
    "notification_set_status",
    "notifications_archive",
    "notifications_bulk_update",
    "notifications_mark_all_read",
    "notifications_mark_all_seen",
    "notifications_mark_read",
    "notifications_publish_due",
    "notifications_resend",
    "notifications_send",
    "notifications_tell",
    "publish_due",
]
