"""Messages that are computed for whoever is online, never stored.

After an event of one of `after` reached a user's sockets, and when a socket
connects, the hub asks `load` for the users concerned, all in one call, and sends
what it returns. Publishers pay nothing for it, and a burst asks once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from realtime.protocol.messages import Payload


@dataclass(frozen=True)
class Derived:
    """A message per user, loaded for many users at once. `load` may query."""

    name: str
    after: frozenset[str]
    load: Callable[[Sequence[int]], Mapping[int, Payload]]


_derived: dict[str, Derived] = {}


def register(derived: Derived) -> None:
    """Make a derived message known."""
    _derived[derived.name] = derived


def all_derived() -> Sequence[Derived]:
    return tuple(_derived.values())


def after(event_type: str) -> bool:
    """Say whether anything derives from events of this type."""
    return any(event_type in derived.after for derived in _derived.values())
