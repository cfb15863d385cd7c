"""Bugs that only a simulation tells from luck: each function patches one thing of the node."""

from __future__ import annotations

from typing import Any

from realtime import following, login
from realtime.core.connection import Connection
from tests.faults.bugs.patches import bug, replace


@bug("first-cursor-late")
def first_cursor_late() -> None:
    """Greet a new device before anything says where it begins; its acks will."""
    replace(login, "first_cursors", lambda original: lambda *given: ())


@bug("ack-of-before")
def ack_of_before() -> None:
    """Take acks of before a resynchronisation for acks of what has their numbers now."""

    def make(original: Any) -> Any:
        def resynced(self: Any, stream: str, offset: int) -> None: ...

        return resynced

    replace(Connection, "resynced", make)


@bug("ack-of-before-late")
def ack_of_before_late() -> None:
    """Refuse only acks of up to where a stream was resynchronised, whatever was sent before."""

    def make(original: Any) -> Any:
        def _say_resync(self: Any, socket: Any, name: Any, place: Any, *given: Any) -> None:
            original(self, socket, name, place, *given)
            socket.connection.ack_after[name] = place.offset

        return _say_resync

    replace(following.Following, "_say_resync", make)
