from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db.models.signals import post_save
from django.dispatch import receiver

from bench.peers.stock.models import Notification


@receiver(post_save, sender=Notification)
def push_notification(instance: Any, created: bool, **kwargs: Any) -> None:
    """Send a new notification to its user."""
    if created:
        layer: Any = get_channel_layer()
        async_to_sync(layer.group_send)(
            f"user_{instance.user_id}",
            {
                "type": "push",
                "content": {
                    "type": "notification",
                    "data": {
                        "id": instance.pk,
                        "title": instance.title,
                        "message": instance.message,
                        "type": instance.type,
                        "created_at": instance.created_at.isoformat(),
                    },
                },
            },
        )
