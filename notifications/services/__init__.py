"""All writes of notifications and announcements.

Each service runs in one transaction and publishes in it, so that the event commits with its row
or not at all. A repeated call changes and publishes nothing.
"""

from __future__ import annotations

from notifications.services.announcement import announcement_create as announcement_create
from notifications.services.announcement import announcement_expire as announcement_expire
from notifications.services.announcement import announcement_publish as announcement_publish
from notifications.services.announcement import (
    announcements_publish_due as announcements_publish_due,
)
from notifications.services.bulk import notification_cancel as notification_cancel
from notifications.services.bulk import notifications_archive as notifications_archive
from notifications.services.bulk import notifications_bulk_update as notifications_bulk_update
from notifications.services.bulk import notifications_cancel as notifications_cancel
from notifications.services.bulk import notifications_mark_all_read as notifications_mark_all_read
from notifications.services.bulk import notifications_mark_all_seen as notifications_mark_all_seen
from notifications.services.bulk import notifications_mark_read as notifications_mark_read
from notifications.services.bulk import notifications_resend as notifications_resend
from notifications.services.bulk import notifications_tell as notifications_tell
from notifications.services.composing import Notice as Notice
from notifications.services.composing import notification_compose as notification_compose
from notifications.services.composing import notifications_compose as notifications_compose
from notifications.services.creation import notification_create as notification_create
from notifications.services.creation import notification_create_once as notification_create_once
from notifications.services.due import notifications_publish_due as notifications_publish_due
from notifications.services.due import publish_due as publish_due
from notifications.services.keeping import notification_pin as notification_pin
from notifications.services.keeping import notification_snooze as notification_snooze
from notifications.services.keeping import notification_unpin as notification_unpin
from notifications.services.keeping import notification_unsnooze as notification_unsnooze
from notifications.services.keeping import notifications_wake as notifications_wake
from notifications.services.mailing import notifications_send as notifications_send
from notifications.services.notification import notification_archive as notification_archive
from notifications.services.notification import notification_mark_read as notification_mark_read
from notifications.services.notification import notification_mark_seen as notification_mark_seen
from notifications.services.notification import notification_mark_unread as notification_mark_unread
from notifications.services.notification import notification_set_status as notification_set_status
