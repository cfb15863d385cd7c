"""`manage.py bump_epoch`: give streams a new epoch, after a restore or a doubtful failover."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from realtime import log, registry
from realtime.management import base


class Command(base.Command):
    help = (
        "Begin a new epoch: every client of these streams is told to resynchronise, at once "
        "when it is connected, otherwise when it comes back. Run it after a restore from a "
        "backup, and after a failover that may have lost commits, before clients are let in. "
        "EPOCH_ON_FAILOVER=bump does it for a failover of PostgreSQL."
    )
    json_help = "Print one JSON object at the end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "--all",
            action="store_true",
            help="All streams, by one row. While nodes of release 0.1.0 serve, which do not know "
            "that row, each stream besides, which takes long.",
        )
        which.add_argument("--stream", nargs="+", metavar="NAME", help="Such as user:17.")

    def handle(self, **options: Any) -> None:
        names: list[str] | None = options["stream"]
        if names is not None and (missing := sorted(set(names) - log.heads(names).keys())):
            raise CommandError(f"There is no stream {missing[0]!r}; nothing was changed.")
        done = log.bump_epoch(names, progress=self._progress)
        if names is None and (old := registry.nodes_without_epoch()):
            self.progress(f"{len(old)} node(s) of an earlier release serve: each stream besides")
            log.bump_each_stream(progress=self._progress)
        within = "some 2 seconds" if names is None else "the nodes' WS_RECONCILE_CALM_SECONDS"
        self.say(
            {"streams": done},
            f"{done:,} streams have a new epoch; their clients are told within {within}.",
        )

    def _progress(self, done: int) -> None:
        self.progress(f"{done:,} streams")
