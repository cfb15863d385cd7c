"""Helpers of the tests of notifications."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from notifications.models import Announcement, Notification
from notifications.services import announcement_publish, notification_create
from realtime.models import Event
from realtime.streams import ANNOUNCEMENTS, user_stream

HOUR = timedelta(hours=1)


def note(user: User, title: str = "Hello", **fields: Any) -> Notification:
    """Create a notification through the service."""
    return notification_create(user_id=user.pk, title=title, message="World", **fields)


def overdue(user: User, title: str = "Due") -> Notification:
    """Create a scheduled notification and let its time pass unpublished."""
    scheduled = note(user, title, scheduled_at=timezone.now() + HOUR)
    Notification.objects.filter(pk=scheduled.pk).update(scheduled_at=timezone.now() - HOUR)
    return scheduled


def draft(author: User, **fields: Any) -> Announcement:
    """Write an announcement as the admin does."""
    values = {"title": "Maintenance", "message": "At noon", **fields}
    return Announcement.objects.create(author=author, **values)


def expired(user: User, title: str = "Expired") -> Notification:
    """Create a notification and let its time pass."""
    row = note(user, title, expires_at=timezone.now() + HOUR)
    Notification.objects.filter(pk=row.pk).update(expires_at=timezone.now() - HOUR)
    return row


def live(author: User, **fields: Any) -> Announcement:
    """Publish an announcement."""
    return announcement_publish(announcement_id=draft(author, **fields).pk)


def titles(found: Iterable[dict[str, Any]]) -> list[str]:
    """Return the titles of rows, or of events."""
    return [each.get("data", each)["title"] for each in found]


def told(user: User) -> list[dict[str, Any]]:
    """Read all events of a user, as they go on the wire."""
    return events(user_stream(user.pk))


def last_change(user: User) -> dict[str, Any]:
    """Read the one notification that a user's last event is about."""
    [state] = told(user)[-1]["data"]["notifications"]
    return dict(state)


def announced() -> list[dict[str, Any]]:
    """Read all events of the stream of all users."""
    return events(ANNOUNCEMENTS)


def events(stream: str) -> list[dict[str, Any]]:
    rows = Event.objects.filter(stream__name=stream).order_by("offset")
    return [json.loads(text) for text in rows.values_list("payload", flat=True)]


def types(found: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in found]
