"""Acknowledgements and the cursors of devices."""

from __future__ import annotations

import itertools
from typing import Any

from realtime import log
from realtime.core.state import ConnectionState
from realtime.hub import acks, replay, streams
from tests.faults.bugs.patching import bug, changes, instead, nothing, replace


@changes("ack-ahead", "move", acks.Acks)
def ack_ahead(
    original: Any, self: Any, socket: Any, stream: str, offset: int, epoch: Any = None
) -> None:
    """Move the cursor further than the device has applied."""
    original(self, socket, stream, offset + 3, epoch)


@bug("ack-lost")
def ack_lost() -> None:
    def make(original: Any) -> Any:
        count = itertools.count(1)

        def move_cursors(moves: Any) -> None:
            original(moves if next(count) % 2 else [])

        return move_cursors

    replace(log, "move_cursors", make)


@bug("ack-of-before")
def ack_of_before() -> None:
    """Take acks of before a resynchronisation for acks of what has their numbers now."""
    instead(ConnectionState, "resynced", nothing)


@changes("ack-of-before-late", "say_resync", replay, streams)
def ack_of_before_late(original: Any, socket: Any, name: Any, place: Any, *given: Any) -> None:
    """Refuse only acks up to where a stream was resynchronised, not those of earlier events."""
    original(socket, name, place, *given)
    socket.connection.ack_after[name] = place.offset


@bug("ack-unshielded")
def ack_unshielded() -> None:
    """Let a login that is given up take with it what it had stored for all."""

    async def flush(self: Any) -> Any:
        return await self._flush()

    instead(acks.Acks, "flush", flush)


@bug("ack-put-back")
def ack_put_back() -> None:
    """Put what could not be stored in the place of newer acks."""

    def put_back(self: Any, moves: Any) -> None:
        self._moves |= moves

    instead(acks.Acks, "_put_back", put_back)
