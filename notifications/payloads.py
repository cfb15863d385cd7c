"""Make messages from rows. The socket and the HTTP API send the same."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from msgspec.structs import replace

from notifications import messages
from notifications.models import Announcement, Notification
from realtime.protocol.codec import optional_timestamp, timestamp


def notification_payload(notification: Notification) -> messages.Notification:
    """Describe a notification to its user."""
    return messages.Notification(
        id=str(notification.pk),
        title=notification.title,
        message=notification.message,
        type=cast(messages.NotificationType, str(notification.type)),
        priority=cast(messages.Priority, str(notification.priority)),
        status=cast(messages.NotificationStatus, str(notification.status)),
        channels=notification.channels,
        metadata=notification.metadata,
        created_at=timestamp(notification.created_at),
        seen_at=optional_timestamp(notification.seen_at),
        read_at=optional_timestamp(notification.read_at),
        scheduled_at=optional_timestamp(notification.scheduled_at),
        expires_at=optional_timestamp(notification.expires_at),
    )


def notification_json(notification: Notification) -> dict[str, Any]:
    """Describe a notification in an HTTP answer."""
    data: dict[str, Any] = msgspec.to_builtins(notification_payload(notification))
    return {**data, "is_expired": notification.is_expired}


def notification_state(
    notification: Notification, *, whole: bool = False
) -> messages.NotificationState:
    """Describe the state of a notification; with its content if `whole`."""
    return messages.NotificationState(
        id=str(notification.pk),
        status=cast(messages.NotificationStatus, str(notification.status)),
        seen_at=optional_timestamp(notification.seen_at),
        read_at=optional_timestamp(notification.read_at),
        notification=notification_payload(notification) if whole else None,
    )


def deleted_state(notification: Notification) -> messages.NotificationState:
    """Describe a notification that its user no longer has."""
    return replace(notification_state(notification), status="archived", deleted=True)


def announcement_payload(announcement: Announcement) -> messages.SystemAnnouncement:
    """Describe an announcement to everybody."""
    return messages.SystemAnnouncement(
        id=str(announcement.pk),
        title=announcement.title,
        message=announcement.message,
        severity=cast(messages.Severity, str(announcement.severity)),
        starts_at=optional_timestamp(announcement.starts_at),
        ends_at=optional_timestamp(announcement.ends_at),
        published_at=optional_timestamp(announcement.published_at),
    )


def announcement_json(announcement: Announcement) -> dict[str, Any]:
    """Describe an announcement in an HTTP answer."""
    data: dict[str, Any] = msgspec.to_builtins(announcement_payload(announcement))
    return data
