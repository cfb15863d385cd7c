"""Credentials in what servers print: there must be none."""

from __future__ import annotations

import re
from pathlib import Path

# A token of ours, a ticket where one would be, a password of the demo or of the tests.
_SECRET = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{8,}|[?&](?:ticket|token)=(?!\[redacted)[^\s&\"']{20,}|-(?:demo-)?pass\b"
)


def leaked(text: str) -> list[str]:
    """Return the lines of a text that hold a credential."""
    return [line for line in text.splitlines() if _SECRET.search(line)]


def leaked_in(folder: Path) -> list[str]:
    """Look through every log below a folder."""
    return [
        f"{path.parent.name}: {line[:300]}"
        for path in sorted(folder.rglob("log*"))
        if path.is_file()
        for line in leaked(path.read_text(errors="replace"))
    ]
