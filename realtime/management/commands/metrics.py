"""`manage.py metrics`: print the numbers of the deployment that the database keeps."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from realtime.cluster import fleet, meter_table
from realtime.cluster.families import text_of
from realtime.management import base

PAGE = "docs/metrics.md"


class Command(base.Command):
    help = (
        "Print the size of the log, retention, what waits and who holds locks, in the text format "
        "of Prometheus. What a process counts, it serves at METRICS_PORT."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--markdown", action="store_true", help=f"Write the tables into {PAGE} instead."
        )

    def handle(self, **options: Any) -> None:
        if options["markdown"]:
            page = settings.BASE_DIR / PAGE
            page.write_text(meter_table.with_tables(page.read_text("utf-8")), "utf-8")
            self.stdout.write(f"{PAGE} is written.")
        else:
            self.stdout.write(text_of(fleet.families()).decode(), ending="")
