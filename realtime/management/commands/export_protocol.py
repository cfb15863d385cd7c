"""`manage.py export_protocol`: write the documents made from the protocol, or check them."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from realtime import commands
from realtime.protocol.export import asyncapi, javascript, markdown, typescript

# By path in the repository.
FILES: dict[str, Callable[[], str]] = {
    "docs/protocol.md": markdown.markdown,
    "docs/protocol/asyncapi.json": lambda: asyncapi.document(settings.VERSION),
    "realtime/static/realtime/client.d.ts": typescript.declarations,
    "realtime/static/realtime/version.js": javascript.version,
}


class Command(commands.Command):
    help = f"Write {', '.join(FILES)} from the declarations of the wire."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Write nothing; fail if a file is out of date."
        )

    def handle(self, *, check: bool, **options: Any) -> None:
        texts = {name: write() for name, write in FILES.items()}
        outdated = [name for name, text in texts.items() if _read(_path(name)) != text]
        if check and outdated:
            raise CommandError(
                f"Out of date: {', '.join(outdated)}. Run `manage.py export_protocol`."
            )
        for name, text in texts.items():
            if name in outdated:
                _path(name).parent.mkdir(parents=True, exist_ok=True)
                _path(name).write_text(text, encoding="utf-8")
                self.stdout.write(f"{name} is written.")
            else:
                self.stdout.write(f"{name} is up to date.")


def _path(name: str) -> Path:
    return Path(settings.BASE_DIR) / name


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
