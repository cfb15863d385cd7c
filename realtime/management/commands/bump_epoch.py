"""`manage.py bump_epoch`: give streams a new epoch, after a restore or a doubtful failover."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from realtime import commands, log


class Command(commands.Command):
    def handle(self, **options: Any) -> None:
        names: list[str] | None = options["stream"]
        if names is not None and (missing := sorted(set(names) - log.heads(names).keys())):
            raise CommandError(f"There is no stream {missing[0]!r}; nothing was changed.")
        done = log.bump_epoch(names, progress=self._progress)
        self.say(
            {"streams": done},
            f"{done:,} streams have a new epoch; their clients resynchronise within the "
            "nodes' WS_RECONCILE_SECONDS.",
        )

    def _progress(self, done: int) -> None:
        self.progress(f"{done:,} streams")
