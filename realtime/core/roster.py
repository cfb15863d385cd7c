"""A set of items that notes its changes for the next report. A report without any costs nothing."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Changes(NamedTuple, Generic[T]):
    """Changes to be told: items that have come or changed, by key, and keys of what has gone."""

    came: dict[str, T]
    changed: dict[str, T]
    gone: set[str]


class Roster(Generic[T]):
    """Changes of a set of items, each under a key that is used once."""

    def __init__(self) -> None:
        self._came: dict[str, T] = {}
        self._changed: dict[str, T] = {}
        self._gone: set[str] = set()
        self._doubtful: set[str] = set()  # of those that came: what may have been told

    def add(self, key: str, item: T) -> None:
        """Note that an item has come."""
        self._came[key] = item

    def change(self, key: str, item: T) -> None:
        """Note that an item is different."""
        if key not in self._came:  # else it is told as it is then
            self._changed[key] = item

    def remove(self, key: str) -> None:
        """Note that an item has gone; forget it if no report can have named it."""
        self._changed.pop(key, None)
        if self._came.pop(key, None) is None or key in self._doubtful:
            self._gone.add(key)

    def take(self) -> Changes[T]:
        """Return what has changed since the last call."""
        changes = Changes(self._came, self._changed, self._gone)
        self._came, self._changed, self._gone, self._doubtful = {}, {}, set(), set()
        return changes

    def put_back(self, changes: Changes[T]) -> None:
        """Tell again what could not be told. It may have been told in part."""
        self._doubtful |= changes.came.keys()
        for key, item in changes.came.items():
            if key not in self._gone:
                self._came[key] = item
        for key, item in changes.changed.items():
            if key not in self._gone:
                self._changed[key] = item
        self._gone |= changes.gone
