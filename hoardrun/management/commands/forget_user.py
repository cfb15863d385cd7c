"""Hand out what is kept about a user, and forget what may go."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError

from hoardrun.forgetting import Outcome, forget, shut_out, write
from realtime import clock, registry
from realtime.management import base
from realtime.models import Node

SETTLE = timedelta(seconds=1)  # for a node to close sockets, and to store their last acks


class Command(base.Command):
    """`manage.py forget_user`."""

    json_help = "Print one JSON object."
    help = (
        "Forget a user: log out everywhere, remove inbox, events, devices and logins, and leave "
        "a row without a name that accounts and records refer to. Money stays. It cannot be "
        "undone: look with --dry-run first. With --export and --dry-run, it only hands out what "
        "is kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--export", metavar="FILE", help="First write everything that is kept to a new file."
        )
        parser.add_argument(
            "--keep-descriptions",
            action="store_true",
            help="Leave the texts of transactions, where the law of keeping books wants them.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Only say what would go.")

    def handle(self, *, username: str, **options: Any) -> None:
        user = base.user_named(username)
        exported = _export(user.pk, options["export"]) if options["export"] else None
        dry_run = options["dry_run"]
        if not dry_run:
            shut_out(user.pk)
            self._wait(user.pk, clock.now())
        outcome = forget(user.pk, dry_run=dry_run, keep_descriptions=options["keep_descriptions"])
        lines = list(_lines(outcome, dry_run=dry_run))
        if exported is not None:
            lines.insert(0, f"{sum(exported.values()):,} rows written to {options['export']}.")
        if not dry_run:
            lines.append(f"{username} is {outcome.name} now.")
        result = {**asdict(outcome), "dry_run": dry_run, "exported": exported}
        self.say(result, "\n".join(lines))
        if not self.as_json and (outcome.accounts_with_money or outcome.transactions_under_way):
            self.stderr.write(
                f"{outcome.accounts_with_money} account(s) still hold or owe money, and "
                f"{outcome.transactions_under_way} transaction(s) are under way: see to them."
            )

    def _wait(self, user_id: int, shut_out_at: datetime) -> None:
        """Wait until the nodes have closed the sockets, which would write of them again.

        A node lists a socket up to two seconds late, so each has to report once more first.
        """
        late = Node.objects.filter(registry.alive(), seen_at__lt=shut_out_at + SETTLE)
        sockets = registry.connections().filter(user_id=user_id)
        for _ in base.looks():
            if not late.exists() and not sockets.exists():
                return
        raise CommandError(
            f"The user is logged out, but after {base.PATIENCE_SECONDS:.0f} s "
            f"{sockets.count()} connection(s) are listed as open and {late.count()} node(s) have "
            "not reported since. Nothing is forgotten yet: look at `manage.py stats`, then run "
            "this again."
        )


def _lines(outcome: Outcome, *, dry_run: bool) -> Iterator[str]:
    would = "would be " if dry_run else ""
    for verb in ("removed", "anonymised", "kept"):
        counts = getattr(outcome, verb)
        listed = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        yield f"{would}{verb}: {listed or 'nothing'}"


def _export(user_id: int, path: str) -> dict[str, int]:
    """Write a file that only its owner reads; none is left of an export that failed."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(f"{path} exists already; name a new file.") from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
    try:
        with open(number, "w", encoding="utf-8") as out:
            counts = write(user_id, out)
            out.flush()
            os.fsync(out.fileno())
    except BaseException as error:
        os.unlink(path)
        if isinstance(error, OSError):
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        raise
    return counts
