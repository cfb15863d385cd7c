"""The files that producers and devices write: one JSON array a line, never changed again.

Times are `time.monotonic()`, comparable between processes of one machine. A producer's
ledger:

    ["begin", t, attempt, [[stream, canary], …]]                before the database hears of it
    ["call", t, seconds]                                        a transaction that has committed
    ["end", t, attempt, verdict, [[stream, canary, epoch, offset], …]]

`ok` is committed, `failed` is known not to be, `unknown` is all else; an attempt without an
end was killed. A device's journal:

    ["open", t, device, conn, user, {stream: [epoch, offset]}, mode, own]  as greeted; who it is
    ["event", t, device, conn, stream, epoch, offset, canary]     applied
    ["again", …the same…]                  dropped by its number, after a resume from the last ack
    ["foreign", t, device, conn, stream, "", offset, canary]      of a stream that it has not
    ["resync", t, device, conn, stream, reason, epoch, offset]
    ["acked", t, device, conn, stream, epoch, offset]             the server's answer to an ack
    ["close", t, device, conn, code]

A canary is `user/attempt/number`, with `*` as the user of an announcement.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    """Writes lines that survive the death of this process: each is one appending write."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def note(self, kind: str, *content: Any) -> None:
        """Append a line, with the time behind its kind."""
        line = json.dumps([kind, time.monotonic(), *content], separators=(",", ":"))
        os.write(self._file, line.encode() + b"\n")


def read(path: Path) -> Iterator[list[Any]]:
    """Read a file's lines; one that a kill has cut off at the end is left out."""
    with path.open() as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)


def canary(user: int | None, attempt: str, number: int) -> str:
    """Make the text by which an event is known again."""
    return f"{'*' if user is None else user}/{attempt}/{number}"


def canary_user(text: str) -> int | None:
    """Return the user that a canary is for; None for all users."""
    user = text.partition("/")[0]
    return None if user == "*" else int(user)
