"""Make messages from rows. The socket and the HTTP API send the same."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from notifications import messages
from notifications.models import Announcement, Notification
from realtime.publish import payload_of


def notification_payload(notification: Notification) -> messages.Notification:
    """Describe a notification to its user."""
    return payload_of(messages.Notification, notification, stored=UNSET)


def notification_state(
    notification: Notification, *, whole: bool = False
) -> messages.NotificationState:
    """Describe the state of a notification; with its content if `whole`."""
    content = notification_payload(notification) if whole else None
    return payload_of(messages.NotificationState, notification, notification=content, deleted=UNSET)


def deleted_state(notification: Notification) -> messages.NotificationState:
    """Describe a notification that its user no longer has."""
    return replace(notification_state(notification), status="archived", deleted=True)


def announcement_payload(announcement: Announcement) -> messages.SystemAnnouncement:
    """Describe an announcement to everybody."""
    return payload_of(messages.SystemAnnouncement, announcement)
