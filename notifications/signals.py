"""Publish what a save or a deletion changed, whoever makes it: admin, shell and services alike.

`update()`, `bulk_create()` and `bulk_update()` send no signals: call `notifications_tell`
after them. A row that was created so is found by `notifications_publish_due`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver
from django.utils import timezone
from msgspec.structs import replace

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
from realtime import names
from realtime.protocol.codec import timestamp
from realtime.protocol.messages import NotificationState
from realtime.publish import publish


@receiver(pre_save, sender=Notification, dispatch_uid="notifications.stamp")
def notification_stamp(instance: Notification, raw: bool, **kwargs: Any) -> None:
    """Stamp a new notification that is due as published, in the insert itself."""
    now = timezone.now()
    if (
        not raw
        and instance._state.adding
        and instance.published_at is None
        and instance.is_due(now)
    ):
        instance.published_at = now


@receiver(post_save, sender=Notification, dispatch_uid="notifications.publish")
def notification_publish(
    instance: Notification,
    created: bool,
    raw: bool,
    update_fields: Iterable[str] | None,
    **kwargs: Any,
) -> None:
    """Tell the user's devices of a new notification, or of what changed on it."""
    if not raw:
        _tell_saved(instance, created, update_fields)
    instance.remember(update_fields)


def _tell_saved(row: Notification, created: bool, fields: Iterable[str] | None) -> None:
    changed = row.changes(fields)
    if not (created or changed):
        return
    is_whole = created or row.is_back() or not changed <= set(Notification.STATE)
    now = row.as_stored(fields, None if is_whole else Notification.STATE)
    was_told = not created and row.stored("published_at", now.published_at) is not None
    owner = row.stored("user_id", now.user_id)
    if was_told and (owner != now.user_id or now.published_at is None):
        publish_states([(owner, deleted_state(now))])
        was_told = False
    if now.published_at is None:
        return
    if was_told:
        publish_states([(now.user_id, notification_state(now, whole=is_whole))])
    else:
        publish(names.user_stream(now.user_id), notification_payload(now))


@receiver(pre_delete, sender=Notification, dispatch_uid="notifications.load")
def notification_load(instance: Notification, **kwargs: Any) -> None:
    """Load what the event will say while there is a row to load it from."""
    if deferred := instance.get_deferred_fields():
        instance.refresh_from_db(fields=deferred)


@receiver(post_delete, sender=Notification, dispatch_uid="notifications.delete")
def notification_delete(instance: Notification, origin: Any = None, **kwargs: Any) -> None:
    """Tell the user's devices that a notification is gone.

    One that goes with its user is told to nobody: the user's sockets are closed. Those of a
    queryset's `delete()` are told of together.
    """
    if instance.published_at is None or _is_user(origin):
        return
    change = (instance.user_id, deleted_state(instance))  # now: Django takes the id away at the end
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


@receiver(post_save, sender=Announcement, dispatch_uid="announcements.publish")
def announcement_saved(
    instance: Announcement,
    created: bool,
    raw: bool,
    update_fields: Iterable[str] | None,
    **kwargs: Any,
) -> None:
    """Tell everybody of an announcement that is published, and of each change of it."""
    if not raw and (created or instance.changes(update_fields)):
        now = instance.as_stored(update_fields)
        was_told = not created and instance.stored("published_at", now.published_at) is not None
        if now.published_at is not None:
            entry = publish(names.ANNOUNCEMENTS, announcement_payload(now))
            if not was_told:
                instance.event_offset = entry.offset
                Announcement.objects.filter(pk=now.pk).update(event_offset=entry.offset)
        elif was_told:
            _withdraw(now)
    instance.remember(update_fields)


@receiver(pre_delete, sender=Announcement, dispatch_uid="announcements.load")
def announcement_load(instance: Announcement, **kwargs: Any) -> None:
    """Load what the event will say while there is a row to load it from."""
    if deferred := instance.get_deferred_fields():
        instance.refresh_from_db(fields=deferred)


@receiver(post_delete, sender=Announcement, dispatch_uid="announcements.delete")
def announcement_deleted(instance: Announcement, **kwargs: Any) -> None:
    """Take the banner of one that everybody was told of away."""
    if instance.published_at is not None:
        _withdraw(instance)


def _withdraw(announcement: Announcement) -> None:
    """Publish it as over, whenever it was to end."""
    over = replace(announcement_payload(announcement), ends_at=timestamp(timezone.now()))
    publish(names.ANNOUNCEMENTS, over)
