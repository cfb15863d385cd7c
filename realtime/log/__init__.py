"""The event log: append in the caller's transaction, read after an offset.

Offsets come from the stream's row, locked from `append` to commit: an offset
that is visible has every lower one visible too, and a rollback takes its offset
back, so there are no gaps. That holds at READ COMMITTED, and under SQLite's
immediate transactions. Call `append` last in a transaction, as the lock makes
the stream's other writers wait.
"""

from __future__ import annotations

from realtime.core.continuity import Head
from realtime.core.records import StoredEvent
from realtime.log.appending import append
from realtime.log.cursors import TOUCHED_EVERY, CursorMove, begin_cursors, move_cursors
from realtime.log.epochs import bump_epoch
from realtime.log.reached import add_reached
from realtime.log.reading import PAGE, PAGE_BYTES, ensure, heads, read_many
from realtime.log.trimming import Trimmed, clear, forget_cursors, trim

__all__ = [
    "PAGE",
    "PAGE_BYTES",
    "TOUCHED_EVERY",
    "CursorMove",
    "StoredEvent",
    "Head",
    "Trimmed",
    "add_reached",
    "append",
    "begin_cursors",
    "bump_epoch",
    "clear",
    "ensure",
    "forget_cursors",
    "heads",
    "move_cursors",
    "read_many",
    "trim",
]
