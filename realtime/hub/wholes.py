"""Rooms that have the messages of others: which of them a message to a room comes into. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Generic, TypeVar

RoomT = TypeVar("RoomT")
_NONE: tuple[()] = ()


class Wholes(Generic[RoomT]):
    """The rooms that follow others, by the name of what they follow."""

    def __init__(self) -> None:
        self._of: dict[str, set[RoomT]] = {}

    def __len__(self) -> int:
        return len(self._of)

    def of(self, name: str) -> Collection[RoomT]:
        """Return the rooms that have the messages of a room, as they are now."""
        found = self._of.get(name)
        return tuple(found) if found else _NONE

    def follow(self, room: RoomT, before: Collection[str], now: Iterable[str]) -> frozenset[str]:
        """Let a room follow others than before; return those that it follows no longer."""
        parts = frozenset(now)
        for name in parts.difference(before):
            self._of.setdefault(name, set()).add(room)
        gone = frozenset(before) - parts
        for name in gone:
            rooms = self._of.get(name)
            if rooms is not None:
                rooms.discard(room)
                if not rooms:
                    del self._of[name]
        return gone
