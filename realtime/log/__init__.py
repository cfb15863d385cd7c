"""The event log: append in the caller's transaction, read after an offset.

`realtime.publish` appends; the hub, logins and snapshots read. Guarantees: offsets of a stream are
gapless and become visible in order, because its row is locked from `append` to commit and a
rollback takes the offset back. This holds at READ COMMITTED, and in SQLite's immediate
transactions. The lock makes other writers of the stream wait, so call `append` last in a
transaction. The log must not send anything: it knows no sockets and no layer.
"""

from __future__ import annotations

from realtime.core.continuity import Head
from realtime.core.records import StoredEvent
from realtime.log.appending import append
from realtime.log.changed import Changed, look
from realtime.log.cursors import TOUCHED_EVERY, CursorMove, begin_cursors, move_cursors
from realtime.log.epochs import (
    bump_each_stream,
    bump_epoch,
    composed,
    deployment,
    deployment_part,
)
from realtime.log.reached import add_reached
from realtime.log.reading import PAGE, ensure, heads, read_many
from realtime.log.trimming import Trimmed, clear, forget_cursors, trim

__all__ = [
    "PAGE",
    "TOUCHED_EVERY",
    "Changed",
    "CursorMove",
    "StoredEvent",
    "Head",
    "Trimmed",
    "add_reached",
    "append",
    "begin_cursors",
    "bump_each_stream",
    "bump_epoch",
    "clear",
    "composed",
    "deployment",
    "deployment_part",
    "ensure",
    "forget_cursors",
    "heads",
    "look",
    "move_cursors",
    "read_many",
    "trim",
]
