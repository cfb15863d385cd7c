"""`manage.py announce`: publish an announcement to all users."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from notifications import services
from notifications.choices import Severity
from notifications.fallbacks import selectors
from notifications.fallbacks.serializers import FallbackOutput
from notifications.fallbacks.services import fallback_request
from notifications.models import Announcement
from notifications.serializers import AnnouncementOutput
from realtime import clock
from realtime.management import base
from realtime.retry import one_transaction
from realtime.streams import ANNOUNCEMENTS


def moment(text: str) -> datetime:
    """Read an ISO 8601 time; without a time zone it is UTC."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text[:60]!a} is not a time; write it like 2026-01-31T18:00:00Z"
        ) from None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def in_language(text: str) -> tuple[str, str]:
    """Read a text with the language that it is in."""
    language, equals, words = text.partition("=")
    if not equals:
        raise ArgumentTypeError(f"{text[:60]!a} is no text of a language; write it like sw=…")
    return language.strip(), words


class Command(base.Command):
    help = "Publish an announcement to everybody, now or, with --starts-at, at a later time."
    json_help = "Print one JSON object."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("title")
        parser.add_argument("message")
        parser.add_argument("--severity", choices=Severity.values, default=Severity.INFO.value)
        parser.add_argument(
            "--starts-at",
            type=moment,
            help="ISO 8601, UTC unless it has a zone; a serving node publishes it.",
        )
        parser.add_argument(
            "--ends-at",
            type=moment,
            help="ISO 8601, UTC unless it has a zone; the banner vanishes then.",
        )
        parser.add_argument(
            "--emergency",
            action="store_true",
            help="Let SMS follow after an hour to those whose devices do not have it, once a "
            "second person approves: `manage.py fallback`.",
        )
        parser.add_argument(
            "--sms",
            action="append",
            default=[],
            type=in_language,
            metavar="LANGUAGE=TEXT",
            help="What the SMS says in a language, such as sw=…; else it is the announcement.",
        )
        parser.add_argument("--author", help="A username; by default the first superuser.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["sms"] and not options["emergency"]:
            raise CommandError("--sms goes with --emergency.")
        announcement = self._announce(options)
        offset = announcement.event_offset
        text = f"is published: offset {offset} of {ANNOUNCEMENTS}."
        if announcement.published_at is None:
            text = f"is scheduled for {announcement.starts_at}."
        said = {**AnnouncementOutput(announcement).data, "stream": ANNOUNCEMENTS, "offset": offset}
        text = f"Announcement {announcement.pk} {text}"
        if options["emergency"]:
            fallback = selectors.fallback_get(announcement.pk)
            shown: Any = FallbackOutput(fallback).data
            said["fallback"] = {**shown}
            estimate = selectors.fallback_estimate(fallback)
            text += (
                f"\nSMS follow once a second person approves: {estimate}."
                f"\nmanage.py fallback {announcement.pk} --approve --by USERNAME"
            )
        self.say(said, text)

    @one_transaction
    def _announce(self, options: dict[str, Any]) -> Announcement:
        announcement = services.announcement_create(
            author_id=_author_id(options["author"]),
            **{name: options[name] for name in Announcement.CONTENT},
        )
        if options["emergency"]:
            fallback_request(
                announcement_id=announcement.pk,
                user_id=announcement.author_id,
                texts=dict(options["sms"]),
            )
        if announcement.starts_at is not None and announcement.starts_at > clock.now():
            return announcement
        return services.announcement_publish(announcement_id=announcement.pk)


def _author_id(username: str | None) -> int:
    if username is not None:
        return int(base.user_named(username, "; give --author an existing one").pk)
    author = get_user_model()._default_manager.filter(is_superuser=True).order_by("pk").first()
    if author is None:
        raise CommandError(
            "An announcement needs an author and there is no superuser: "
            "give --author a username, or run `manage.py createsuperuser` first."
        )
    return int(author.pk)
