"""Messages that are computed for whoever is online, never stored.

After an event of one of `after` reached a user's sockets, and when a socket
connects, the hub asks `load` for the users concerned, all in one call, and sends
what it returns. Publishers pay nothing for it, and a burst asks once. Where time alone
changes the message, `lapsed` names the users: see `realtime.lapses`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realtime.protocol.messages import Payload

# Given the place where it ended, it returns the users and the next place; no users when there are
# no more for now. Given None, the first time, it reaches back a minute, and fixes the place.
Lapsed = Callable[[Any], tuple[Collection[int], Any]]


@dataclass(frozen=True)
class Derived:
    """A message per user, loaded for many users at once. `load` and `lapsed` may query."""

    name: str
    after: frozenset[str]
    load: Callable[[Sequence[int]], Mapping[int, Payload]]
    lapsed: Lapsed | None = None


_derived: dict[str, Derived] = {}


def register(derived: Derived) -> None:
    """Make a derived message known."""
    _derived[derived.name] = derived


def all_derived() -> Sequence[Derived]:
    return tuple(_derived.values())


def after(event_type: str) -> bool:
    """Say whether anything derives from events of this type."""
    return any(event_type in derived.after for derived in _derived.values())
