"""Ladders: when a notification leaves the app by another channel, unless somebody was reached."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from notifications.models.notification import Notification


class Escalation(models.Model):
    """The ladder of one notification, inserted in the transaction of its event.

    `event_offset` and `epoch` say which event of the user's stream carries the notification: a
    device that has acknowledged as much has it. At `due_at`, by the database's clock, it is
    judged: `rung` is what it waits for, and `reason` the rule that says so. Closed ones keep the
    reason and the evidence.
    """

    notification = models.OneToOneField(
        Notification,
        on_delete=models.DO_NOTHING,  # a user's goes with its user: see `publishing`
        db_constraint=False,
        primary_key=True,
        related_name="escalation",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    kind = models.CharField(max_length=50)
    policy_version = models.CharField(max_length=16)
    event_offset = models.BigIntegerField()
    epoch = models.CharField(max_length=32)
    committed_at = models.DateTimeField()
    rung = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=32, blank=True, default="")
    evidence = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = "ladder"
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(closed_at__isnull=True), name="escalation_due"
            ),
            # A saved preference makes the open ladders of its user due.
            models.Index(
                fields=["user"], condition=Q(closed_at__isnull=True), name="escalation_open"
            ),
        ]

    def __str__(self) -> str:
        return f"of notification #{self.notification_id}"
