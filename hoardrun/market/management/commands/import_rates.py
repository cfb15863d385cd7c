"""`manage.py import_rates`: import what a bank or an exchange publishes once a day."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from hoardrun.market.feeds.daily.importing import daily_import
from hoardrun.market.feeds.daily.layouts import LAYOUTS
from hoardrun.market.feeds.daily.reading import MAX_BYTES, NoRates
from realtime.management import base


class Command(base.Command):
    """Read the file as a whole, or refuse it as a whole."""

    help = (
        "Imports the CSV file of a bank or an exchange, or a ZIP of one: candles of days, and "
        "quotes that are marked delayed. The same file again changes nothing."
    )
    json_help = "One JSON object."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", choices=sorted(LAYOUTS))
        parser.add_argument("file", type=Path)
        parser.add_argument("--day", default="", help="Of a file without dates, as 2026-10-30.")
        parser.add_argument(
            "--accept-jumps",
            action="store_true",
            help="Take prices that are far from the day before, such as after a split.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = daily_import(
                source=options["source"],
                raw=_read(options["file"]),
                day=_day(options["day"]),
                accept_jumps=options["accept_jumps"],
            )
        except NoRates as error:
            raise CommandError(f"Nothing was imported. {error}") from error
        self.say(asdict(done), str(done))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise CommandError(f"--day is {text[:20]!r}: write it as 2026-10-30.") from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
