"""Emergency announcements for tests, and devices that have them."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User

from notifications.fallbacks.services import fallback_approve, fallback_request
from notifications.models import Address, Announcement, Delivery, Fallback
from notifications.services import announcement_publish
from realtime import clock
from realtime.models import Cursor, Stream
from realtime.streams import ANNOUNCEMENTS
from tests.clients import staff_with
from tests.notifications.delivery import support
from tests.notifications.support import draft

TEXT = {"title": "Transfers are stopped", "message": "Your money is safe. We are working on it."}


def author() -> User:
    """Make somebody who may ask for SMS."""
    return staff_with(User.objects.create_user("author"), "request_fallback")


def approver() -> User:
    """Make somebody who may approve them."""
    return staff_with(User.objects.create_user("approver"), "approve_fallback")


def published(**texts: str) -> Announcement:
    """Publish an announcement for which SMS are asked."""
    by = author()
    written = draft(by, **TEXT, severity="emergency")
    fallback_request(announcement_id=written.pk, user_id=by.pk, texts=texts)
    return announcement_publish(announcement_id=written.pk)


def due(**texts: str) -> Fallback:
    """Publish one whose SMS are approved, an hour ago."""
    announcement = published(**texts)
    fallback_approve(announcement_id=announcement.pk, user_id=approver().pk)
    Fallback.objects.update(due_at=clock.now() - support.MOMENT)
    return Fallback.objects.get(pk=announcement.pk)


def people(count: int) -> list[tuple[User, Address]]:
    """Make users, each with a phone number."""
    users = [User.objects.create_user(f"user{number}") for number in range(count)]
    return [
        (user, support.address(user, "sms", f"+2567720000{number:02}"))
        for number, user in enumerate(users)
    ]


def has_it(user: User, fallback: Fallback, device: str = "phone", **more: object) -> None:
    """Let a device of a user acknowledge an announcement."""
    Cursor.objects.create(
        **{
            "user": user,
            "device": device,
            "stream": Stream.objects.get(name=ANNOUNCEMENTS),
            "epoch": fallback.epoch,
            "acked": fallback.event_offset,
            **more,
        }
    )


def numbers() -> list[str]:
    """Return the numbers that SMS wait for or went to, in order."""
    found = Delivery.objects.filter(announcement__isnull=False).exclude(state="skipped")
    return sorted(found.values_list("address__value", flat=True))


HOUR = timedelta(hours=1)
