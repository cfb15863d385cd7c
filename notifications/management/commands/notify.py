"""`manage.py notify`: notify many users. A repeated run goes on where the first stopped."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from notifications import services
from notifications.choices import NotificationType, Priority
from notifications.models import Mailing
from realtime.management import base

_CONTENT = ("key", "title", "message", "type", "priority", "kind")


class Command(base.Command):
    help = (
        "Put a notification into the inbox of every active user, or of those named. "
        "Repeat the same command after a crash: each user gets it once."
    )
    json_help = "Print one JSON object at the end."

    def add_arguments(self, parser: CommandParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--all", action="store_true", help="Every active user.")
        who.add_argument("--users", metavar="FILE", help="User ids, one a line; - reads stdin.")
        who.add_argument("--user", nargs="+", metavar="USERNAME", help="These users.")
        parser.add_argument("--title", required=True)
        parser.add_argument("--message", required=True)
        parser.add_argument(
            "--key", required=True, help="Names this mailing; the same key never notifies twice."
        )
        parser.add_argument(
            "--type", choices=NotificationType.values, help="Of the kind, or else system."
        )
        parser.add_argument(
            "--priority", choices=Priority.values, help="Of the kind, or else medium."
        )
        parser.add_argument(
            "--kind", default="", help="What happened, such as marketing.offer; sets the ladder."
        )

    def handle(self, **options: Any) -> None:
        begun = Mailing.objects.filter(key=options["key"]).first()
        mailing = services.notifications_send(
            user_ids=_user_ids(options),
            progress=self._progress,
            **{name: options[name] for name in _CONTENT},
        )
        new = mailing.done - (begun.done if begun else 0)
        if begun and begun.finished_at:
            text = f" was sent before: nothing new was sent, {mailing.done:,} users have it."
        elif begun:
            text = f": {new:,} users notified now, {mailing.done:,} in all."
        else:
            text = f": {mailing.done:,} users notified."
        self.say(
            {"key": mailing.key, "notified": mailing.done, "total": mailing.total, "new": new},
            f"Mailing {mailing.key!r}{text}",
        )

    def _progress(self, mailing: Mailing) -> None:
        self.progress(f"{mailing.done:,} of {mailing.total:,} users")


def _user_ids(options: dict[str, Any]) -> list[int] | None:
    if options["all"]:
        return None
    if options["user"]:
        names = set(options["user"])
        found = base.users_named(names)
        if missing := sorted(names - found.keys()):
            raise CommandError(f"There is no user {missing[0]!r:.80}. No user was notified.")
        return sorted(user.pk for user in found.values())
    try:
        text = sys.stdin.read() if options["users"] == "-" else _read(options["users"])
    except UnicodeDecodeError:
        raise CommandError(
            f"{options['users']} is not a text file. Give one user id a line."
        ) from None
    except OSError as error:
        raise CommandError(f"{options['users']} cannot be read: {error.strerror}.") from None
    ids = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip():
            continue
        try:
            ids.append(base.whole(1)(line.strip()))
        except ArgumentTypeError:
            raise CommandError(
                f"Line {number} is {line[:30]!a}. Give one user id a line."
            ) from None
    if not ids:
        raise CommandError(f"{options['users']} names no user. Give one user id a line.")
    return ids


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8-sig")
