"""`manage.py kinds`: show the kinds of notifications and their ladders."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from notifications.kinds import all_kinds, table
from realtime.management import base

PAGE = "docs/notifications.md"


class Command(base.Command):
    json_help = "Print one JSON list."
    help = "Show the kinds of notifications: when each goes out by which channel."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--markdown", action="store_true", help=f"Write the table into {PAGE} instead."
        )

    def handle(self, **options: Any) -> None:
        if options["markdown"]:
            page = settings.BASE_DIR / PAGE
            page.write_text(table.with_table(page.read_text("utf-8"), all_kinds()), "utf-8")
            self.stdout.write(f"{PAGE} is written.")
            return
        rows = [dict(zip(table.HEADER, row, strict=True)) for row in table.rows(all_kinds())]
        self.say(rows, table.markdown(all_kinds()).rstrip())
