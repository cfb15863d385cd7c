"""`manage.py why`: say why somebody got a notification, or did not."""

from __future__ import annotations

import logging
import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.core.management.base import CommandError

from notifications.trace import search
from notifications.trace.announcements import announcement_trace
from notifications.trace.loading import load
from notifications.trace.printing import printed, printed_announcement
from notifications.trace.search import Hit
from notifications.trace.timeline import timeline
from realtime import clock
from realtime.management import base

logger = logging.getLogger(__name__)

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_LONGEST = 5  # digits


def when(text: str) -> datetime | timedelta:
    """Read a time, or how long ago it was: 90m, 24h, 7d."""
    if match := re.fullmatch(rf"([0-9]{{1,{_LONGEST}}})([mhd])", text):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text[: base.SHOWN]!a} is no time; write 24h, 7d, or 2026-01-31T18:00:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Command(base.Command):
    json_help = "Print one JSON object, or a list of what was found."
    help = (
        "Say why a user got a notification, or did not. Without an ID, list what there is to ask "
        "about: the user's notifications, what went to an address, or a provider's id."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", nargs="?", help="The name of the user.")
        parser.add_argument("id", nargs="?", type=base.whole(1), help="Of the notification.")
        parser.add_argument(
            "--since", type=when, help="List what the user got since then: 24h, 7d, or a time."
        )
        parser.add_argument("--to", help="List what went to an e-mail address or a phone number.")
        parser.add_argument(
            "--announcement",
            type=base.whole(1),
            help="Say how far the SMS after an announcement are, or what the user got of them.",
        )
        parser.add_argument("--provider-id", help="Find the delivery that has this id.")
        parser.add_argument(
            "--content", action="store_true", help="Show title and message of the notification."
        )

    def handle(self, **options: Any) -> None:
        if options["to"] or options["provider_id"]:
            if options["user"]:
                raise CommandError("Give a user, --to or --provider-id: one of them.")
            self._find(options["to"], options["provider_id"])
        elif options["announcement"]:
            self._announcement(options["announcement"], options["user"], options["id"])
        elif not options["user"]:
            raise CommandError(
                "Whose? Give the name of a user, --to, --provider-id or --announcement."
            )
        else:
            user = base.user_named(options["user"])
            if options["id"] is None:
                self._list(search.of_user(user.pk, _since(options["since"])))
            else:
                self._trace(user, options["id"], with_content=options["content"])

    def _trace(self, user: Any, notification_id: int, *, with_content: bool) -> None:
        found = load(notification_id)
        if found.user_id != user.pk:
            raise CommandError(f"Notification {notification_id} is not one of this user's.")
        logger.info("notification %s was traced by manage.py why", notification_id)
        trace = timeline(found, with_content=with_content)
        self.say(msgspec.to_builtins(trace), printed(trace))

    def _announcement(self, number: int, name: str | None, id: int | None) -> None:
        if id is not None:
            raise CommandError("Give the ID of a notification, or --announcement: one of them.")
        user = None if name is None else base.user_named(name)
        logger.info("announcement %s was traced by manage.py why", number)
        trace = announcement_trace(number, user=user)
        self.say(msgspec.to_builtins(trace), printed_announcement(trace))

    def _find(self, address: str | None, provider_id: str | None) -> None:
        if address is None:
            self._list(search.of_provider(provider_id or ""))
            return
        hits, suppressed = search.of_address(address)
        self._list(hits, suppressed)

    def _list(self, hits: Sequence[Hit], note: str = "") -> None:
        lines = [
            f"{hit.at}  {hit.notification_id or '-':>8}  user {hit.user_id}  {hit.kind}: {hit.text}"
            for hit in hits
        ]
        text = "\n".join(filter(None, [*(lines or ["Nothing was found."]), note]))
        self.say(msgspec.to_builtins(hits), text)


def _since(given: datetime | timedelta | None) -> datetime | None:
    return clock.now() - given if isinstance(given, timedelta) else given
