"""Show the options of this deployment."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.conf import settings

from hoardrun import option_table
from hoardrun.option_table import Row, written
from realtime.management import base

PAGE = "docs/production.md"


class Command(base.Command):
    """`manage.py settings`."""

    json_help = "Print one JSON list."
    help = (
        "Show every option with its value, secrets hidden, and whether a variable, a file or the "
        "default gave it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--changed", action="store_true", help="Only those that differ from the default."
        )
        which.add_argument(
            "--env", action="store_true", help="Print a template of a .env file instead."
        )
        which.add_argument(
            "--markdown", action="store_true", help=f"Write the table into {PAGE} instead."
        )

    def handle(self, **options: Any) -> None:
        if options["env"]:
            self.stdout.write(option_table.dotenv())
        elif options["markdown"]:
            page = settings.BASE_DIR / PAGE
            page.write_text(option_table.with_table(page.read_text("utf-8")), "utf-8")
            self.stdout.write(f"{PAGE} is written.")
        else:
            rows = [row for row in option_table.rows() if row.changed or not options["changed"]]
            table = "\n".join(_lines(rows)) or "Every option has its default."
            self.say([asdict(row) for row in rows], table)


def _lines(rows: list[Row]) -> Iterator[str]:
    width = max((len(row.variable) for row in rows), default=0)
    for row in rows:
        source = "" if row.source == "default" else f"from {row.source}"
        if row.changed:
            source += f", default {written(row.default) or 'none'}"
        line = f"{row.variable:<{width}}  {written(row.value) or 'none':<24}  {source}"
        yield line.rstrip()
