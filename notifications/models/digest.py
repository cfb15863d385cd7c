"""Digests: notifications that wait to leave together."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from notifications.models.notification import Notification


class Digest(models.Model):
    """One message for a user with what waits of one category and channel, due at `due_at`.

    The first item opens it; one is open at a time, and a database constraint holds that.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_constraint=False,
        related_name="digests",
    )
    category = models.CharField(max_length=30)
    channel = models.CharField(max_length=10)
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=32, blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(closed_at__isnull=True), name="digest_due")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "category", "channel"],
                condition=Q(closed_at__isnull=True),
                name="digest_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.category} by {self.channel} of user {self.user_id}"


class DigestItem(models.Model):
    """A notification in a digest. `shown` is set when it closes: what was read is left out."""

    digest = models.ForeignKey(
        Digest, on_delete=models.CASCADE, db_constraint=False, related_name="items"
    )
    notification = models.ForeignKey(
        Notification,
        on_delete=models.DO_NOTHING,  # a user's goes with its digest: see `publishing`
        db_constraint=False,
        related_name="+",
    )
    rung = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Of its ladder.")
    shown = models.BooleanField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest", "notification"], name="digest_item_once")
        ]

    def __str__(self) -> str:
        return f"#{self.notification_id} in digest #{self.digest_id}"
