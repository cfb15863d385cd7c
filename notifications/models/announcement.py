"""Announcements to all users: one row, one event, never a copy for each user."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from notifications.choices import Severity
from notifications.models.checked import Checked
from notifications.validation import ANNOUNCEMENT_LENGTH, TITLE_LENGTH, AnnouncementContent
from realtime import clock
from realtime.changes import TrackedQuerySet


class Announcement(Checked):
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
