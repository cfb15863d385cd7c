"""Acknowledgements and the cursors of devices."""

from __future__ import annotations

from typing import Any

from realtime import log
from realtime.core.state import ConnectionState
from realtime.hub import acks, resets
from tests.faults.bugs.patching import changes, without


@changes("ack-ahead", "move", acks.Acks)
def ack_ahead(
    original: Any, self: Any, socket: Any, stream: str, offset: int, epoch: Any = None
) -> None:
    """Move the cursor further than the device has applied."""
    original(self, socket, stream, offset + 3, epoch)


@changes("ack-lost", "move_cursors", log, counts=True)
def ack_lost(original: Any, count: int, moves: Any) -> None:
    """Store only what every second call is about."""
    original(moves if count % 2 else [])


# Acks of before a resynchronisation are taken for acks of what has their numbers now.
without("ack-of-before", "resynced", ConnectionState)


@changes("ack-of-before-late", "say_resync", resets)
def ack_of_before_late(original: Any, socket: Any, *given: Any) -> None:
    """Refuse only acks up to where a stream was resynchronised, not those of earlier events."""
    original(socket, *given)
    _, passed = socket.connection.notes[-1]
    socket.connection.ack_after[passed.stream] = passed.to


@changes("ack-unshielded", "flush", acks.Acks)
async def ack_unshielded(original: Any, self: Any) -> Any:
    """Let a login that is given up take with it what it had stored for all."""
    return await self._flush()


@changes("ack-put-back", "_put_back", acks.Acks)
def ack_put_back(original: Any, self: Any, moves: Any) -> None:
    """Put what could not be stored in the place of newer acks."""
    self._moves |= moves
