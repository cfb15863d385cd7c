"""Write announcements: one row and one event for everybody."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from notifications import selectors, validation
from notifications.choices import Severity
from notifications.errors import Conflict, InvalidInput, NotFound
from notifications.models import ANNOUNCEMENT_LENGTH, TITLE_LENGTH, Announcement
from notifications.payloads import announcement_payload
from realtime import names
from realtime.publish import publish


@transaction.atomic
def announcement_create(
    *,
    author_id: int,
    title: str,
    message: str,
    severity: str = "info",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Announcement:
    """Write an announcement; it is a draft, or with `starts_at` publishes itself then."""
    announcement = Announcement(
        author_id=author_id,
        title=validation.text("title", title, TITLE_LENGTH),
        message=validation.text("message", message, ANNOUNCEMENT_LENGTH),
        severity=validation.choice("severity", severity, Severity),
        starts_at=validation.moment("starts_at", starts_at),
        ends_at=validation.future("ends_at", ends_at, timezone.now()),
    )
    validation.ordered("starts_at", starts_at, "ends_at", ends_at)
    if not get_user_model().objects.filter(pk=author_id).exists():
        raise InvalidInput("author_id", f"there is no user {author_id}; give an existing one")
    announcement.save()
    return announcement


@transaction.atomic
def announcement_publish(*, announcement_id: int) -> Announcement:
    """Publish an announcement now, even if it was to start later.

    One that is published already is returned as it is. Raises Conflict if it has ended.
    """
    announcement = _locked(announcement_id)
    now = timezone.now()
    if announcement.published_at is not None:
        return announcement
    if announcement.ends_at is not None and announcement.ends_at <= now:
        raise Conflict(
            f"Announcement {announcement.pk} has ended; give it a later end, then publish it."
        )
    _publish(announcement, now)
    return announcement


@transaction.atomic
def announcement_expire(*, announcement_id: int) -> Announcement:
    """End an announcement now, and publish it again so that its banners vanish.

    One that is over already is returned as it is. Raises Conflict for a draft.
    """
    announcement = _locked(announcement_id)
    now = timezone.now()
    if announcement.published_at is None:
        raise Conflict(f"Announcement {announcement.pk} is not published; delete it instead.")
    if announcement.ends_at is not None and announcement.ends_at <= now:
        return announcement
    # Later than its start, even if another node's clock, which set that, is ahead of ours.
    start = announcement.starts_at or now
    announcement.ends_at = max(now, start + timedelta(milliseconds=1))
    announcement.save(update_fields=["ends_at", "updated_at"])
    publish(
        names.ANNOUNCEMENTS,
        announcement_payload(announcement),
        idempotency_key=f"announcement:{announcement.pk}:expired",
    )
    return announcement


def announcements_publish_due() -> int:
    """Publish each scheduled announcement whose time has come, exactly once.

    Safe on every node at once. Returns how many this call published.
    """
    now = timezone.now()
    ids = selectors.announcements_due(now).values_list("pk", flat=True)
    return sum(_publish_if_due(announcement_id, now) for announcement_id in ids)


@transaction.atomic
def _publish_if_due(announcement_id: int, now: datetime) -> bool:
    """Lock it and look again: another node or an editor may have been here first."""
    rows = selectors.announcements_due(now).select_for_update(skip_locked=True)
    due = rows.filter(pk=announcement_id).first()
    if due is not None:
        _publish(due, now)
    return due is not None


def _publish(announcement: Announcement, now: datetime) -> None:
    announcement.published_at = now
    if announcement.starts_at is not None:
        announcement.starts_at = min(announcement.starts_at, now)
    entry = publish(
        names.ANNOUNCEMENTS,
        announcement_payload(announcement),
        idempotency_key=f"announcement:{announcement.pk}:published",
    )
    announcement.event_offset = entry.offset
    announcement.save(update_fields=["published_at", "starts_at", "event_offset", "updated_at"])


def _locked(announcement_id: int) -> Announcement:
    announcement = Announcement.objects.select_for_update().filter(pk=announcement_id).first()
    if announcement is None:
        raise NotFound(f"There is no announcement {announcement_id}.")
    return announcement
