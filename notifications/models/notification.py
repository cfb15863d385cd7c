"""Notifications for one user: what an inbox holds.

The models check what they save. `publishing` tells the devices of each save and deletion.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from notifications import validation
from notifications.choices import Channel, NotificationType, Priority, Status
from notifications.models.checked import Checked
from notifications.validation import (
    ACTOR_LENGTH,
    KEY_LENGTH,
    KIND_LENGTH,
    MESSAGE_LENGTH,
    TITLE_LENGTH,
    NotificationContent,
)
from realtime import clock
from realtime.changes import TrackedQuerySet


def in_app_only() -> list[str]:
    """Return the channels of a notification that names none."""
    return [Channel.IN_APP.value]


def has_passed(moment: datetime | None) -> bool:
    """Say whether a moment is over, if there is one."""
    return moment is not None and moment <= timezone.now()


class NotificationQuerySet(TrackedQuerySet["Notification"]):
    """Rows whose bulk methods check what they write.

    `update()`, `bulk_create()` and `bulk_update()` publish nothing: see `notifications_tell`.
    """

    def bulk_create(
        self, objs: Iterable[Notification], *args: Any, **kwargs: Any
    ) -> list[Notification]:
        rows = list(objs)
        for row in rows:
            validation.check_values(row, Notification.CHECKED)
        return super().bulk_create(rows, *args, **kwargs)

    def bulk_update(
        self, objs: Iterable[Notification], fields: Iterable[str], *args: Any, **kwargs: Any
    ) -> int:
        rows, names = list(objs), list(fields)
        for row in rows:
            validation.check_values(row, Notification.CHECKED.intersection(names))
        return super().bulk_update(rows, names, *args, **kwargs)


class Notification(Checked):
    """A message in a user's inbox.

    The user does not see it before `published_at`. A save and a deletion publish. `save()` and
    the bulk methods raise InvalidInput for what the protocol cannot carry.
    """

    STATE: ClassVar[tuple[str, ...]] = ("status", "seen_at", "read_at")
    CONTENT: ClassVar[tuple[str, ...]] = tuple(NotificationContent.__annotations__)
    CHECKED: ClassVar[frozenset[str]] = frozenset({*STATE, *CONTENT, "kind"})
    TRACKED: ClassVar[tuple[str, ...]] = (
        *(*STATE, *CONTENT, "kind"),
        *("user_id", "published_at", "pinned_at", "snoozed_until"),
    )
    # The columns that a change of state writes: see `move`.
    STATE_FIELDS: ClassVar[tuple[str, ...]] = (*STATE, "archived_at", "updated_at")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notifications",
        db_index=False,  # every composite index below begins with it
    )
    title = models.CharField(max_length=TITLE_LENGTH)
    message = models.TextField(max_length=MESSAGE_LENGTH)
    type = models.CharField(
        max_length=20, choices=NotificationType, default=NotificationType.SYSTEM
    )
    priority = models.CharField(max_length=10, choices=Priority, default=Priority.MEDIUM)
    # The sender's wish, kept as it was: the ladder of its kind decides what leaves the app.
    channels = models.JSONField(default=in_app_only)
    metadata = models.JSONField(default=dict, blank=True)
    kind = models.CharField(
        max_length=KIND_LENGTH,
        blank=True,
        default="",
        db_default="",
        help_text="What happened; empty: the general kind of its type.",
    )
    context = models.JSONField(
        null=True, blank=True, editable=False, help_text="The values that its texts are made of."
    )
    actor = models.CharField(
        max_length=ACTOR_LENGTH, blank=True, default="", db_default="", editable=False,
        help_text="Who had it sent: a service, or a member of staff.",
    )  # fmt: skip
    key = models.CharField(  # noqa: DJ001 unique only where given
        max_length=KEY_LENGTH, null=True, blank=True, editable=False,
        help_text="The sender's own name for it: a repeated key sends nothing.",
    )  # fmt: skip
    fingerprint = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False
    )
    supersedes = models.ForeignKey(
        "self",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="An older one that this one makes void.",
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.UNREAD)
    seen_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    scheduled_at = models.DateTimeField(
        null=True, blank=True, help_text="When it is to appear; empty means at once."
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="From when on the bell no longer counts it."
    )
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    snoozed_until = models.DateTimeField(null=True, blank=True, editable=False)
    pinned_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("trace_notification", "Can see why a notification reached its user, or did not"),
            ("resend_notification", "Can send a notification again by push, SMS or e-mail"),
            ("read_traced_text", "Can read the text of notifications that are traced"),
        ]
        indexes = [
            models.Index("user", F("id").desc(), name="notification_newest"),
            models.Index("user", "status", F("id").desc(), name="notification_inbox"),
            # The bell's counts read it alone, so it has all that they ask.
            models.Index(
                fields=["user", "seen_at", "expires_at", "snoozed_until"],
                condition=Q(status=Status.UNREAD.value, published_at__isnull=False),
                name="notification_counted",
            ),
            models.Index(
                fields=["scheduled_at"],
                condition=Q(published_at__isnull=True),
                name="notification_due",
            ),
            models.Index(
                fields=["expires_at", "user"],
                condition=Q(
                    status=Status.UNREAD.value,
                    published_at__isnull=False,
                    expires_at__isnull=False,
                ),
                name="notification_lapsing",
            ),
            models.Index(
                fields=["snoozed_until"],
                condition=Q(snoozed_until__isnull=False),
                name="notification_snoozed",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="notification_key_once"),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="notification_status_known"
            ),
            models.CheckConstraint(
                condition=Q(type__in=NotificationType.values), name="notification_type_known"
            ),
            models.CheckConstraint(
                condition=Q(priority__in=Priority.values), name="notification_priority_known"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.READ.value) | Q(read_at__isnull=False),
                name="notification_read_has_read_at",
                violation_error_message="A read notification needs the time of reading.",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.ARCHIVED.value) | Q(archived_at__isnull=False),
                name="notification_archived_has_archived_at",
                violation_error_message="An archived notification needs the time of archiving.",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True)
                | Q(scheduled_at__isnull=True)
                | Q(expires_at__gt=F("scheduled_at")),
                name="notification_expires_after_scheduled",
                violation_error_message="It must expire later than it is scheduled.",
            ),
        ]

    def __str__(self) -> str:
        # Without its title: the admin's log keeps this text when the user is forgotten.
        return f"Notification #{self.pk}"

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding and self.published_at is None:
            now = clock.now()
            is_early = self.scheduled_at is not None and self.scheduled_at > now
            if not is_early and (self.expires_at is None or self.expires_at > now):
                self.published_at = now  # in the insert itself
        super().save_base(*args, **kwargs)

    @property
    def is_expired(self) -> bool:
        return has_passed(self.expires_at)

    def move(self, status: str, now: datetime) -> bool:
        """Set a status with its times; return whether that changed anything."""
        if self.status == status:
            return False
        self.status = status
        self.updated_at = now
        self.archived_at = now if status == Status.ARCHIVED else None
        if status == Status.READ:
            self.read_at = self.read_at or now
            self.seen_at = self.seen_at or now
        elif status == Status.UNREAD:
            self.read_at = None
        return True

    def read(self, now: datetime) -> bool:
        """Mark it as read; return whether that changed anything. An archived one stays so."""
        if self.status != Status.ARCHIVED:
            return self.move(Status.READ, now)
        if self.read_at is not None:
            return False
        self.read_at = now
        self.seen_at = self.seen_at or now
        return True
