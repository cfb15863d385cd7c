"""`manage.py trim_events`: apply retention to the event log, as nodes do periodically."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from realtime import clock, log
from realtime.log import Trimmed
from realtime.management import base
from realtime.options import options as engine

MAX_DAYS = 36_500  # a hundred years


class Command(base.Command):
    help = (
        "Delete events older than --days, and all but the last --keep of each stream. A client "
        "that still needs one is told to resynchronise."
    )
    json_help = "Print one JSON object at the end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=base.number(0, MAX_DAYS),
            default=engine().retention_days,
            help="Default: EVENT_RETENTION_DAYS.",
            metavar="N",
        )
        parser.add_argument(
            "--keep",
            type=base.whole(),
            default=engine().retention_events,
            help="Default: EVENT_RETENTION_COUNT.",
            metavar="N",
        )
        parser.add_argument("--dry-run", action="store_true", help="Count only, delete nothing.")

    def handle(self, **options: Any) -> None:
        found = log.trim(
            before=clock.now() - timedelta(days=options["days"]),
            keep=options["keep"],
            dry_run=options["dry_run"],
            progress=self._progress,
        )
        verb = "would be trimmed from" if options["dry_run"] else "trimmed from"
        self.say(
            {**found._asdict(), "dry_run": options["dry_run"]},
            f"{found.events:,} events {verb} {found.streams:,} streams.",
        )

    def _progress(self, found: Trimmed) -> None:
        self.progress(f"{found.events:,} events of {found.streams:,} streams")
