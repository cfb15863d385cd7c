"""`manage.py trim_events`: apply retention to the event log, as nodes do periodically."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from realtime import clock, commands, log
from realtime.log import Trimmed
from realtime.options import options as engine


class Command(commands.Command):
    def handle(self, **options: Any) -> None:
        days = engine().retention_days if options["days"] is None else options["days"]
        found = log.trim(
            before=clock.now() - timedelta(days=days),
            keep=engine().retention_events if options["keep"] is None else options["keep"],
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
