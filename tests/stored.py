"""What the log holds, as tests and the fault harness read it."""

from __future__ import annotations

from realtime import log
from realtime.core.continuity import Head
from realtime.core.records import StoredEvent


def page_after(stream: str, offset: int) -> tuple[Head, list[StoredEvent]]:
    """Read one page of a stream, as a node that follows it does."""
    return log.read_many([(stream, offset)])[stream, offset]
