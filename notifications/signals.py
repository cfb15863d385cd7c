"""Publish what a save changed, whoever saves: admin, shell and services alike.

`update()`, `bulk_create()` and `bulk_update()` send no signals: whoever calls them
publishes by itself. A row that was created so is found by `notifications_publish_due`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver
from django.utils import timezone

from notifications.models import Notification
from notifications.payloads import notification_payload, notification_state
from realtime import names
from realtime.protocol.messages import NotificationUpdated
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
    """Tell the user's devices of a new notification, or of its changed state."""
    if not raw and instance.published_at is not None:
        if created:
            publish(names.user_stream(instance.user_id), notification_payload(instance))
        elif instance.differs(update_fields):
            publish(
                names.user_stream(instance.user_id),
                NotificationUpdated(
                    notifications=[notification_state(instance, is_back=instance.is_back())]
                ),
            )
    instance.remember(update_fields)
