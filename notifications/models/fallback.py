"""Fallbacks: an emergency announcement goes by SMS to those whose devices do not have it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F

from notifications.models.announcement import Announcement
from realtime.audit import RequestId


def _person(*, is_known: bool) -> Any:
    """Refer to a member of staff, who may not be known yet."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
        null=not is_known,
        blank=not is_known,
    )


class Fallback(models.Model):
    """The SMS after an announcement, and its progress through the users in the order of their ids.

    `event_offset` and `epoch` say which event of the stream `announcements` carries it: a device
    that has acknowledged as much has it. From `due_at` on, once a second person has approved, a
    worker goes through the users; its place commits with the deliveries that it has made.
    """

    COUNTS: ClassVar[tuple[str, ...]] = ("checked", "reached", "queued", "unreachable")

    announcement = models.OneToOneField(
        Announcement,
        on_delete=models.CASCADE,
        db_constraint=False,
        primary_key=True,
        related_name="fallback",
    )
    texts = models.JSONField(default=dict, help_text="What the SMS says, by language.")
    event_offset = models.BigIntegerField(null=True, blank=True)
    epoch = models.CharField(max_length=32, blank=True, default="")
    due_at = models.DateTimeField(null=True, blank=True)
    requested_by = _person(is_known=True)
    requested_at = models.DateTimeField()
    request_id = RequestId(db_default="")
    approved_by = _person(is_known=False)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_request_id = RequestId(db_default="", default="")
    cancelled_by = _person(is_known=False)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_request_id = RequestId(db_default="", default="")
    finished_at = models.DateTimeField(null=True, blank=True)
    last_user_id = models.BigIntegerField(null=True, blank=True)
    done_user_id = models.BigIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    reached = models.PositiveIntegerField(default=0)
    queued = models.PositiveIntegerField(default=0)
    unreachable = models.PositiveIntegerField(default=0)

    class Meta:
        permissions = [
            ("request_fallback", "Can have an announcement followed by SMS"),
            ("approve_fallback", "Can approve the SMS after announcements of others"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | ~models.Q(approved_by=F("requested_by")),
                name="fallback_approved_by_another",
            )
        ]

    def __str__(self) -> str:
        return f"of announcement #{self.pk}"

    @property
    def state(self) -> str:
        """Return where it stands: what it waits for, or how it has ended."""
        if self.cancelled_at is not None:
            return "cancelled"
        if self.finished_at is not None:
            return "finished"
        if self.due_at is None:
            return "waiting_for_publication"
        if self.approved_at is None:
            return "waiting_for_approval"
        return "waiting_for_devices" if self.last_user_id is None else "running"
