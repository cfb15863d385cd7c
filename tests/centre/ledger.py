"""The files of a run: what providers took, what devices applied, what producers committed.

Each line is a JSON array with the kind and the time in front, by the wall clock, so that it
compares with the times of the database on the same machine. Nothing is ever changed again.

Of the providers, `outside.jsonl`:

    ["asked", t, provider, address, how]        a request to send; how it was to be answered
    ["accepted", t, provider, address, {...}]   taken: what it says, and what identifies it
    ["refused", t, provider, address, code]     refused for good
    ["held", t, provider, address]              a call that waits until it is released
    ["saying", t, fact, delivery]               a report is about to be made; "said" was taken
    ["said", t, fact, delivery]
    ["registered", t, provider, address]        its owner has registered it again
    ["telling", t, word, address, delivery]     a word is about to be told by a webhook: stop,
    ["told", t, word, address, delivery]        start, or bounced, complained of a delivery;
                                                "told": it was taken

Of the devices, `devices-*.jsonl`:

    ["open", t, device, user, class, state, {stream: [epoch, offset]}]
    ["close", t, device]
    ["event", t, device, stream, epoch, offset, number]   applied; a notification's number or null
    ["ack", t, device, epoch, offset]           sent; "acked" is the answer, after it was stored
    ["acked", t, device, epoch, offset]
    ["presence", t, device, state]              sent
    ["seeing", t, user, notification]           asked for; "seen" is the answer, after the commit
    ["seen", t, user, notification]

Of the producers, `load-*.jsonl`:

    ["begin", t, number, user, kind]            before the database hears of it
    ["end", t, number, verdict, notification]   ok, failed (known not to be committed), unknown
    ["changing", t, user, what, content]        a choice or a cancellation; "changed" when committed
    ["changed", t, user, what, content]
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults.journal import read


class Ledger:
    """Writes lines that survive the death of this process: each is one appending write."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def note(self, kind: str, *content: Any) -> None:
        """Append a line, with the time behind its kind."""
        line = json.dumps([kind, time.time(), *content], separators=(",", ":"))
        os.write(self._file, line.encode() + b"\n")


def lines(folder: Path, pattern: str) -> Iterator[list[Any]]:
    """Read the lines of all files of a pattern, file by file."""
    for path in sorted(folder.glob(pattern)):
        yield from read(path)
