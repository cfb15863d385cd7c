"""Write, publish and end announcements. Saving a row publishes one event for all users."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Unpack

from django.contrib.auth import get_user_model

from notifications import selectors, validation
from notifications.models import Announcement
from notifications.validation import AnnouncementContent
from realtime import clock
from realtime.errors import Conflict, InvalidInput, NotFound
from realtime.retry import one_transaction


@one_transaction
def announcement_create(*, author_id: int, **content: Unpack[AnnouncementContent]) -> Announcement:
    """Write an announcement: a draft, or with `starts_at` one that publishes itself then."""
    clean = validation.new_fields(Announcement, content)
    if not get_user_model().objects.filter(pk=author_id).exists():
        raise InvalidInput("author_id", f"there is no user {author_id}; give an existing one")
    announcement = Announcement(author_id=author_id, **clean)
    announcement.save()
    return announcement


@one_transaction
def announcement_publish(*, announcement_id: int) -> Announcement:
    """Publish an announcement now, even if it was to start later.

    Does nothing if it is published already. Raises Conflict if it has ended.
    """
    announcement = _locked(announcement_id)
    now = clock.now()
    if announcement.published_at is not None:
        return announcement
    if announcement.ends_at is not None and announcement.ends_at <= now:
        raise Conflict(
            f"Announcement {announcement.pk} has ended; give it a later end, then publish it."
        )
    _publish(announcement, now)
    return announcement


@one_transaction
def announcement_expire(*, announcement_id: int) -> Announcement:
    """End an announcement now, and publish that, so that its banner disappears.

    Does nothing if it has ended already. Raises Conflict for a draft.
    """
    announcement = _locked(announcement_id)
    now = clock.now()
    if announcement.published_at is None:
        raise Conflict(f"Announcement {announcement.pk} is not published; delete it instead.")
    if announcement.ends_at is not None and announcement.ends_at <= now:
        return announcement
    announcement.ends_at = now
    if announcement.starts_at is not None and announcement.starts_at >= now:
        # It began in this millisecond, or the clock was set back since.
        announcement.starts_at = now - timedelta(milliseconds=1)
    announcement.save(update_fields=["starts_at", "ends_at", "updated_at"])  # its signal publishes
    return announcement


def announcements_publish_due() -> int:
    """Publish each scheduled announcement whose time has come, exactly once.

    Safe on every node at once. Returns how many this call published.
    """
    ids = selectors.announcements_due().values_list("pk", flat=True)
    return sum(_publish_if_due(announcement_id) for announcement_id in ids)


@one_transaction
def _publish_if_due(announcement_id: int) -> bool:
    """Lock it and check again: another node may have published it, or staff changed it."""
    rows = selectors.announcements_due().select_for_update(skip_locked=True, no_key=True)
    due = rows.filter(pk=announcement_id).first()
    if due is not None:
        _publish(due, clock.now())
    return due is not None


def _publish(announcement: Announcement, now: datetime) -> None:
    announcement.published_at = now
    if announcement.starts_at is not None:
        announcement.starts_at = min(announcement.starts_at, now)
    announcement.save(update_fields=["published_at", "starts_at", "updated_at"])
    announcement.refresh_from_db(fields=["event_offset"])


def _locked(announcement_id: int) -> Announcement:
    announcement = (
        Announcement.objects.select_for_update(no_key=True).filter(pk=announcement_id).first()
    )
    if announcement is None:
        raise NotFound(f"There is no announcement {announcement_id}.")
    return announcement
