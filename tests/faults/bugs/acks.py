"""Acknowledgements and the cursors of devices."""

from __future__ import annotations

import itertools
from typing import Any

from realtime import log
from realtime.core.state import ConnectionState
from realtime.hub import acks, replay, streams
from tests.faults.bugs.patching import bug, instead, replace


@bug("ack-ahead")
def ack_ahead() -> None:
    """Move the cursor further than the device has applied."""

    def make(original: Any) -> Any:
        def move(self: Any, socket: Any, stream: str, offset: int, epoch: Any = None) -> None:
            original(self, socket, stream, offset + 3, epoch)

        return move

    replace(acks.Acks, "move", make)


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

    def make(original: Any) -> Any:
        def resynced(self: Any, stream: str, offset: int) -> None: ...

        return resynced

    replace(ConnectionState, "resynced", make)


@bug("ack-of-before-late")
def ack_of_before_late() -> None:
    """Refuse only acks up to where a stream was resynchronised, not those of earlier events."""

    def make(original: Any) -> Any:
        def say_resync(socket: Any, name: Any, place: Any, *given: Any) -> None:
            original(socket, name, place, *given)
            socket.connection.ack_after[name] = place.offset

        return say_resync

    for module in (replay, streams):
        replace(module, "say_resync", make)


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
