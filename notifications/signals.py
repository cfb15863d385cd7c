"""Publish what a save or a deletion changed, whoever makes it: admin, shell and services alike.

`update()`, `bulk_create()` and `bulk_update()` send no signals: call `notifications_tell`
after them. A row that was created so is found by `notifications_publish_due`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.db.models.signals import pre_save
from django.dispatch import receiver
from msgspec.structs import replace

from notifications.choices import Status
from notifications.events import publish_states
from notifications.models import (
    Announcement,
    Notification,
    NotificationQuerySet,
    notifications_deleted,
)
from notifications.payloads import (
    announcement_payload,
    deleted_state,
    notification_payload,
    notification_state,
)
from realtime import db
from realtime.protocol.codec import timestamp
from realtime.protocol.messages import NotificationState
from realtime.publish import publish
from realtime.streams import ANNOUNCEMENTS, user_stream
from realtime.told import tell


@receiver(pre_save, dispatch_uid="notifications.stamp")
def notification_stamp(instance: Any, raw: bool, **kwargs: Any) -> None:
    """Stamp a new notification that is due as published, in the insert itself."""
    if not isinstance(instance, Notification) or raw:  # a proxy of it is one, too
        return
    if not instance._state.adding or instance.published_at is not None:
        return
    now = db.now()
    if instance.is_due(now):
        instance.published_at = now


def notification_saved(before: Notification | None, now: Notification) -> None:
    """Tell the user's devices of a new notification, or of what changed on it."""
    if before is not None and before.published_at is None:
        before = None  # nobody was told of it
    elif before is not None and (before.user_id != now.user_id or now.published_at is None):
        publish_states([(before.user_id, deleted_state(now))])
        before = None
    if now.published_at is None:
        return
    if before is not None:
        is_back = now.status == Status.UNREAD and before.status != Status.UNREAD
        is_whole = is_back or not before.differs(now) <= set(Notification.STATE)
        publish_states([(now.user_id, notification_state(now, whole=is_whole))])
    else:
        publish(user_stream(now.user_id), notification_payload(now))


def notification_deleted(row: Notification, origin: Any) -> None:
    """Tell the user's devices that a notification is gone.

    One that goes with its user is told to nobody: the user's sockets are closed. Those of a
    queryset's `delete()` are told of together.
    """
    if row.published_at is None or _is_user(origin):
        return
    change = (row.user_id, deleted_state(row))
    if isinstance(origin, NotificationQuerySet):
        origin.gone.append(change)
    else:
        publish_states([change])


@receiver(notifications_deleted, dispatch_uid="notifications.delete_many")
def notifications_tell_deleted(
    changes: Sequence[tuple[int, NotificationState]], **kwargs: Any
) -> None:
    """Tell each user, in as few events as they fit into, which notifications are gone."""
    publish_states(changes)


def _is_user(origin: Any) -> bool:
    model = origin.model if isinstance(origin, QuerySet) else type(origin)
    return issubclass(model, get_user_model())


def announcement_saved(before: Announcement | None, now: Announcement) -> None:
    """Tell everybody of an announcement that is published, and of each change of it."""
    was_told = before is not None and before.published_at is not None
    offset = None if before is None else before.event_offset
    if before is None or before.differs(now) != {"event_offset"}:
        if now.published_at is not None:
            entry = publish(ANNOUNCEMENTS, announcement_payload(now))
            offset = offset if was_told else entry.offset
        elif was_told:
            _withdraw(now)
    # Only the event says its offset; an instance may hold that of one that was rolled back.
    if now.event_offset != offset:
        Announcement.objects.filter(pk=now.pk).update(event_offset=offset)


def announcement_deleted(row: Announcement, origin: Any) -> None:
    """Take the banner of one that everybody was told of away."""
    if row.published_at is not None:
        _withdraw(row)


def _withdraw(announcement: Announcement) -> None:
    """Publish it as over, whenever it was to end."""
    over = replace(announcement_payload(announcement), ends_at=timestamp(db.now()))
    publish(ANNOUNCEMENTS, over)


tell(Notification, notification_saved, notification_deleted)
tell(Announcement, announcement_saved, announcement_deleted)
