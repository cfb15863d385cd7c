"""`manage.py fallback`: the SMS after an emergency announcement."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandError, CommandParser

from notifications.fallbacks import selectors, services
from notifications.fallbacks.serializers import FallbackOutput
from notifications.models import Fallback
from realtime.management import base

ENDED = {"finished", "cancelled"}


class Command(base.Command):
    help = (
        "Show the SMS after an emergency announcement, with what they cost at most; approve or "
        "cancel them. `manage.py announce --emergency` asks for them."
    )
    json_help = "Print one JSON object."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("announcement", type=base.whole(1), help="Its number.")
        act = parser.add_mutually_exclusive_group()
        act.add_argument("--approve", action="store_true", help="Let the SMS be sent; see --by.")
        act.add_argument("--cancel", action="store_true", help="Send no more of them; see --by.")
        parser.add_argument("--by", help="The username of who approves or cancels.")
        parser.add_argument(
            "--follow", action="store_true", help="Go on saying how far they are, to the end."
        )

    def handle(self, *, announcement: int, by: str | None, **options: Any) -> None:
        if options["approve"] or options["cancel"]:
            if by is None:
                raise CommandError("Say with --by who does it.")
            act = services.fallback_approve if options["approve"] else services.fallback_cancel
            act(announcement_id=announcement, user_id=base.user_named(by).pk)
        found = selectors.fallback_get(announcement)
        while options["follow"] and not _has_ended(found):
            self.progress(_line(found))
            time.sleep(base.LOOK_SECONDS)
            found = selectors.fallback_get(announcement)
        estimate = selectors.fallback_estimate(found)
        shown: Any = FallbackOutput(found).data
        self.say({**shown}, f"{_line(found)}\nIt is {estimate}.")


def _has_ended(found: Fallback) -> bool:
    """Say whether no SMS of it is queued any more, nor will be."""
    waits = selectors.fallback_sent(found).keys() & {"queued", "sending", "unknown"}
    return found.state in ENDED and found.finished_at is not None and not waits


def _line(found: Fallback) -> str:
    states = selectors.fallback_sent(found)
    sent = ", ".join(f"{count:,} {state}" for state, count in states.items()) or "none"
    return (
        f"Announcement {found.pk}: {found.state.replace('_', ' ')}. Of {found.checked:,} users "
        f"{found.reached:,} have it, {found.unreachable:,} have no number. SMS: {sent}."
    )
