"""`manage.py trace`: say why a user got an event late, or not at all; say where a user is."""

from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser
from time import sleep
from typing import Any

import msgspec
from django.core.management.base import CommandError

from realtime.management import base
from realtime.trace.asked import FORMS, Asked, understand
from realtime.trace.printing import entry_line, printed
from realtime.trace.report import EventTrace, UserTrace
from realtime.trace.services import trace_event, trace_user
from realtime.trace.words import CODES

logger = logging.getLogger(__name__)

NOT_THERE, NOT_KNOWN = 3, 4
FOLLOW_SECONDS = 1.0


class Command(base.Command):
    json_help = "Print one JSON object; with --follow one per change."
    help = (
        "Say what became of an event on each device of its user, and why; or where a user is, and "
        "what became of the last events. The exit code of an event is 0 if a device has it, "
        f"{NOT_THERE} if none has, {NOT_KNOWN} if that is not known, and 1 on an error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", metavar="EVENT|USER", help=f"{FORMS}; or `notification:42`.")
        parser.add_argument("--user", help="Of an event for everybody: whose devices.")
        parser.add_argument(
            "--follow", action="store_true", help="Go on, and print what changes; Ctrl-C ends it."
        )

    def handle(self, *, what: str, user: str | None, follow: bool, **options: Any) -> None:
        asked = understand(what)
        if user is not None:
            if not asked.stream or asked.user_id is not None:
                raise CommandError("--user is for an event for everybody.")
            asked = asked._replace(user_id=base.user_named(user).pk)
        logger.info("%r was traced by manage.py trace", what)
        found = _trace(asked)
        self.say(msgspec.to_builtins(found), printed(found))
        if follow:
            self._follow(asked, found)
        elif isinstance(found, EventTrace) and (code := _exit_code(found)):
            sys.exit(code)

    def _follow(self, asked: Asked, before: EventTrace | UserTrace) -> None:
        try:
            while True:
                sleep(FOLLOW_SECONDS)
                now = _trace(asked)
                if lines := list(_news(before, now)):
                    self.say(msgspec.to_builtins(now), "\n".join(lines))
                    before = now
        except (KeyboardInterrupt, BrokenPipeError):
            return


def _trace(asked: Asked) -> EventTrace | UserTrace:
    if asked.stream:
        return trace_event(asked.stream, asked.offset, user_id=asked.user_id)
    assert asked.user_id is not None
    return trace_user(asked.user_id)


def _exit_code(found: EventTrace) -> int:
    if found.reach in {"acked", "written"}:
        return 0
    return NOT_THERE if found.reach == "no" and found.verdict != "waiting" else NOT_KNOWN


def _news(before: EventTrace | UserTrace, now: EventTrace | UserTrace) -> list[str]:
    """Return the lines that are new: verdicts that have changed, and what has happened."""
    lines = [line for line in _verdicts(now) if line not in _verdicts(before)]
    known = {(entry.at, entry.text) for entry in before.timeline}
    return lines + [
        entry_line(entry) for entry in now.timeline if (entry.at, entry.text) not in known
    ]


def _verdicts(trace: EventTrace | UserTrace) -> list[str]:
    if isinstance(trace, EventTrace):
        return [f"{one.device or '-'}: {CODES[one.verdict]}. {one.text}" for one in trace.devices]
    return [f"{one.offset} {one.type}: {CODES[one.verdict]}. {one.text}" for one in trace.events]
