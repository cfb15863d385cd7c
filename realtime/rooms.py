"""The registry of room kinds: for each its rooms, the right to join and its messages.

A kind is one class with one instance, registered from its app's `ready()`:
nothing else in the engine names a room.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence

from realtime.core.records import Ephemeral


class RoomKind:
    """A family of rooms fed by one topic of `publish_ephemeral`.

    Methods that may query the database are synchronous and run in a worker thread.
    In an `open` kind all that have joined may stay; in any other, `may_join` is asked again
    whenever the user's rights have changed, and now and then anyway.
    """

    name: str = ""
    topic: str = ""
    description: str = ""
    open: bool = False
    is_composed: bool = False
    max_keys: int | None = None
    """The newest values that a node keeps of a room, for rooms whose keys never end."""

    def matches(self, room: str) -> bool:
        """Say whether a name belongs to this kind; pure and cheap."""
        raise NotImplementedError

    def may_join(self, user_id: int, room: str) -> bool:
        """Say whether the room exists and this user may join it. May query."""
        raise NotImplementedError

    def rooms(self, user_id: int) -> Iterable[tuple[str, str]]:
        """List `(room, description)` of what this user may join. May query."""
        return ()

    def parts(self, room: str) -> Sequence[str] | None:
        """Return the rooms whose messages a composed room has; None for any other. May query.

        They are fed by the same topic, and their messages keep their names. A message to the
        composed room itself has this asked for again, and the snapshot too, which has the newest
        messages of the parts, in their rooms.
        """
        return None

    def snapshot(self, room: str) -> Sequence[Ephemeral]:
        """Return the newest message per key, for a node's first socket in the room. May query."""
        return ()

    def source(self, room: str) -> AsyncGenerator[Sequence[Ephemeral], None] | None:
        """Return a generator that runs on each node while it has sockets in the room.

        For rooms that move without any feed; None for those that are published to.
        """
        return None


_kinds: dict[str, RoomKind] = {}


def register(kind: RoomKind) -> None:
    """Make a kind of room known. Two kinds of one name are a mistake."""
    if kind.name in _kinds and type(_kinds[kind.name]) is not type(kind):
        raise ValueError(f"two kinds of room are called {kind.name!r}")
    _kinds[kind.name] = kind


def kind_of(room: str) -> RoomKind | None:
    """Find the kind that a room belongs to."""
    return next((kind for kind in _kinds.values() if kind.matches(room)), None)


def kinds() -> Sequence[RoomKind]:
    """Return all kinds, in the order of their registration."""
    return tuple(_kinds.values())
