"""Make messages from rows. The socket and the HTTP API send the same."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from notifications import messages
from notifications.kinds.lookup import general
from notifications.models import Announcement, Notification, has_passed
from realtime.publish import payload_of


def notification_payload(notification: Notification) -> messages.Notification:
    """Describe a notification to its user."""
    return payload_of(messages.Notification, notification, stored=UNSET, kind=_kind(notification))


class ListedNotification(messages.Notification, frozen=True, kw_only=True):
    """A notification in an answer of the HTTP API, which also says whether it has expired."""

    is_expired: bool


# The columns that a listed notification is made of.
LISTED = tuple(
    name for name in ListedNotification.__struct_fields__ if name not in {"stored", "is_expired"}
)


def listed_notification(row: Any) -> ListedNotification:
    """Describe a notification, or a row of LISTED, in an answer of the HTTP API."""
    is_expired = has_passed(row.expires_at)
    return payload_of(ListedNotification, row, stored=UNSET, is_expired=is_expired, kind=_kind(row))


def _kind(row: Any) -> str:
    """Name the kind of a notification; one without its own is of its type's general kind."""
    return row.kind or general(row.type)


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
    """Describe an announcement to all users."""
    return payload_of(messages.SystemAnnouncement, announcement)
