"""What a user is told: notifications for one, announcements for everybody."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from notifications import validation
from notifications.choices import Channel, NotificationType, Priority, Severity, Status
from notifications.errors import InvalidInput

TITLE_LENGTH = 200
MESSAGE_LENGTH = 1000
ANNOUNCEMENT_LENGTH = 5000


def in_app_only() -> list[str]:
    """Return the channels of a notification that names none."""
    return [Channel.IN_APP.value]


def validate_channels(value: Any) -> None:
    """Refuse, in forms, what the services refuse."""
    try:
        validation.channels(value)
    except InvalidInput as error:
        raise ValidationError(f"This {error.reason}.") from None


def validate_metadata(value: Any) -> None:
    """Refuse, in forms, what the services refuse."""
    try:
        validation.metadata(value)
    except InvalidInput as error:
        raise ValidationError(f"This {error.reason}.") from None


class Notification(models.Model):
    """A message in a user's inbox.

    It does not exist for the user before `published_at`; its signals publish. A save
    and its event are one transaction, whoever saves.
    """

    # Whose change the user's devices are told of.
    WATCHED: ClassVar[tuple[str, ...]] = ("status", "seen_at", "read_at")
    # What `move` and its like may change.
    STATE_FIELDS: ClassVar[tuple[str, ...]] = (*WATCHED, "archived_at", "updated_at")

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
    channels = models.JSONField(default=in_app_only, validators=[validate_channels])
    metadata = models.JSONField(default=dict, blank=True, validators=[validate_metadata])
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
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Django sends post_save after an autocommit: too late for an event that must not be lost.
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)

    @classmethod
    def from_db(
        cls,
        db: str | None,
        field_names: Collection[str],
        values: Collection[Any],
        **kwargs: Any,
    ) -> Self:
        instance = super().from_db(db, field_names, values, **kwargs)
        instance.remember()
        return instance

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Self] | None = None,
    ) -> None:
        fields = None if fields is None else list(fields)
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        self.remember(fields)

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def is_due(self, now: datetime) -> bool:
        """Say whether its time has come and not gone."""
        return (self.scheduled_at is None or self.scheduled_at <= now) and (
            self.expires_at is None or self.expires_at > now
        )

    def move(self, status: str, now: datetime) -> bool:
        """Take on a status with its times; say whether that changed anything."""
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

    def remember(self, fields: Iterable[str] | None = None) -> None:
        """Take the watched values as those in the database; `fields` None means all."""
        stored = self.__dict__.setdefault("_stored", {})
        for name in self.WATCHED if fields is None else set(fields).intersection(self.WATCHED):
            if name in self.__dict__:
                stored[name] = self.__dict__[name]

    def is_back(self) -> bool:
        """Say whether a save makes it unread that was not so in the database."""
        stored = self.__dict__.get("_stored", {})
        return self.status == Status.UNREAD and stored.get("status") != Status.UNREAD

    def differs(self, fields: Iterable[str] | None = None) -> bool:
        """Say whether a save of `fields` changed a watched value in the database."""
        stored = self.__dict__.get("_stored", {})
        return any(
            name in self.__dict__ and (name not in stored or stored[name] != self.__dict__[name])
            for name in (self.WATCHED if fields is None else set(fields).intersection(self.WATCHED))
        )


class Announcement(models.Model):
    """A message to everybody: one row, one event, never a copy for each user.

    A draft until `published_at`; with `starts_at` it publishes itself at that time.
    """

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
        """Say in one word where it stands: draft, scheduled, live or over."""
        if self.ends_at is not None and self.ends_at <= now:
            return "over"
        if self.published_at is not None:
            return "live"
        return "draft" if self.starts_at is None else "scheduled"


class Mailing(models.Model):
    """One notification to many users, and how far it is: in the order of their ids."""

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
