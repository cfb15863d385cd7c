"""`manage.py export_protocol`: write the documents made from the protocol, or check them."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from realtime.management import base
from realtime.protocol.export import asyncapi, javascript, markdown, typescript

# By path in the repository.
FILES: dict[str, Callable[[], str]] = {
    "docs/protocol.md": markdown.markdown,
    "docs/protocol/asyncapi.json": lambda: asyncapi.document(settings.VERSION),
    "realtime/static/realtime/client.d.ts": typescript.declarations,
    "realtime/static/realtime/version.js": javascript.version,
}


class Command(base.Command):
    help = f"Write {', '.join(FILES)} from the declarations of the wire."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Write nothing; fail if a file is out of date."
        )

    def handle(self, *, check: bool, **options: Any) -> None:
        texts = {name: write() for name, write in FILES.items()}
        paths = {name: Path(settings.BASE_DIR, name) for name in FILES}
        outdated = [
            name
            for name, path in paths.items()
            if not path.exists() or path.read_text(encoding="utf-8") != texts[name]
        ]
        if check and outdated:
            raise CommandError(
                f"Out of date: {', '.join(outdated)}. Run `manage.py export_protocol`."
            )
        for name in outdated:
            paths[name].parent.mkdir(parents=True, exist_ok=True)
            paths[name].write_text(texts[name], encoding="utf-8")
        for name in FILES:
            self.stdout.write(f"{name} is {'written' if name in outdated else 'up to date'}.")
