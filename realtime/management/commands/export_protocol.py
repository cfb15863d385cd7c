"""Write the protocol's documentation, or check that it is up to date."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from realtime.protocol import document


class Command(BaseCommand):
    """`manage.py export_protocol`."""

    help = "Write docs/protocol.md from the declarations of the wire."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Write nothing; fail if it is not up to date."
        )

    def handle(self, *, check: bool, **options: Any) -> None:
        path: Path = settings.BASE_DIR / "docs" / "protocol.md"
        text = document.markdown()
        if path.exists() and path.read_text() == text:
            self.stdout.write(f"{path.name} is up to date.")
        elif check:
            raise CommandError(
                f"{path.name} is not what the wire declares: run `manage.py export_protocol`."
            )
        else:
            path.write_text(text)
            self.stdout.write(f"{path.name} is written.")
