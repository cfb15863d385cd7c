"""Notifications for one user, announcements for all users, and mailings to many.

The models check what they save: no row holds what the protocol cannot carry. `publishing` tells
the devices of each save and deletion.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from notifications import validation
from notifications.choices import Channel, NotificationType, Priority, Severity, Status
from notifications.validation import (
    ANNOUNCEMENT_LENGTH,
    MESSAGE_LENGTH,
    TITLE_LENGTH,
    AnnouncementContent,
    NotificationContent,
)
from realtime import clock
from realtime.changes import Tracked, TrackedQuerySet
from realtime.errors import InvalidInput


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


class _Checked(Tracked):
    """Base of rows that each save checks, and again what the database computed."""

    CHECKED: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        fields = None if update_fields is None else list(update_fields)
        computed = self._check(fields)
        with transaction.atomic() if computed else nullcontext():
            super().save(*args, update_fields=fields, **kwargs)
            if computed:
                validation.check(type(self)._base_manager.get(pk=self.pk), computed)

    def _check(self, fields: Iterable[str] | None) -> set[str]:
        """Check what a save of `fields`, or of all that is loaded, writes. Raises InvalidInput.

        A broken value that an old row holds already is accepted, so that its state can be saved.
        Returns the fields that the database computes: the caller checks them after the save.
        """
        loaded = self.CHECKED.intersection(self.__dict__)
        names = loaded if fields is None else loaded.intersection(fields)
        try:
            return validation.check(self, names)
        except InvalidInput:
            old = type(self)._base_manager.filter(pk=self.pk).first()
            if old is None:
                raise
            return validation.check(self, names & old.differs(self))


class Notification(_Checked):
    """A message in a user's inbox.

    The user does not see it before `published_at`. A save and a deletion publish. `save()` and
    the bulk methods raise InvalidInput for what the protocol cannot carry.
    """

    STATE: ClassVar[tuple[str, ...]] = ("status", "seen_at", "read_at")
    CONTENT: ClassVar[tuple[str, ...]] = tuple(NotificationContent.__annotations__)
    CHECKED: ClassVar[frozenset[str]] = frozenset({*STATE, *CONTENT})
    TRACKED: ClassVar[tuple[str, ...]] = (*STATE, *CONTENT, "user_id", "published_at")
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
    channels = models.JSONField(default=in_app_only)
    metadata = models.JSONField(default=dict, blank=True)
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
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index("user", F("id").desc(), name="notification_newest"),
            models.Index("user", "status", F("id").desc(), name="notification_inbox"),
            models.Index(
                fields=["user", "seen_at"],
                condition=Q(status=Status.UNREAD.value),
                name="notification_unread",
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
        ]
        constraints = [
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


class Announcement(_Checked):
    """A message to all users: one row, one event, never a copy for each user.

    It is a draft until `published_at`; with `starts_at` it publishes itself at that time. After
    that, each save that changes it and its deletion publish too.
    """

    CONTENT: ClassVar[tuple[str, ...]] = tuple(AnnouncementContent.__annotations__)
    CHECKED: ClassVar[frozenset[str]] = frozenset(CONTENT)
    TRACKED: ClassVar[tuple[str, ...]] = (*CONTENT, "published_at", "event_offset")

    title = models.CharField(max_length=TITLE_LENGTH)
    message = models.TextField(max_length=ANNOUNCEMENT_LENGTH)
    severity = models.CharField(max_length=20, choices=Severity, default=Severity.INFO)
    starts_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it publishes itself; empty means when somebody publishes it.",
    )
    ends_at = models.DateTimeField(
        null=True, blank=True, help_text="When the banner disappears; empty means never."
    )
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Written by `publishing` only: read it from the database after a save.
    event_offset = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="Its event in the stream `announcements`."
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="announcements",
        editable=False,
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = TrackedQuerySet["Announcement"].as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["starts_at"],
                condition=Q(published_at__isnull=True),
                name="announcement_due",
            ),
            models.Index(fields=["-published_at"], name="announcement_published"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(severity__in=Severity.values), name="announcement_severity_known"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True)
                | Q(starts_at__isnull=True)
                | Q(ends_at__gt=F("starts_at")),
                name="announcement_ends_after_starts",
                violation_error_message="It must end later than it starts.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def state(self, now: datetime) -> str:
        """Return its state: draft, scheduled, live or over."""
        if self.ends_at is not None and self.ends_at <= now:
            return "over"
        if self.published_at is not None:
            return "live"
        return "draft" if self.starts_at is None else "scheduled"

    @property
    def is_live(self) -> bool:
        return self.state(clock.now()) == "live"


class Mailing(models.Model):
    """One notification to many users, and its progress through them in the order of their ids."""

    key = models.CharField(max_length=200, unique=True)
    fingerprint = models.CharField(max_length=64)
    title = models.CharField(max_length=TITLE_LENGTH)
    message = models.TextField(max_length=MESSAGE_LENGTH)
    type = models.CharField(max_length=20, choices=NotificationType)
    priority = models.CharField(max_length=10, choices=Priority)
    metadata = models.JSONField(default=dict)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    last_user_id = models.BigIntegerField()
    done_user_id = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.key}: {self.done} of {self.total}"
