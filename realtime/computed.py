"""Messages that are computed for the users who are connected, and never stored.

An app registers a `ComputedMessage` from its `ready()`. After an event of one of `after` reached
a user's sockets, and when a socket connects, the hub calls `load` once for all users concerned
and sends them what it returns. Publishing costs nothing more, and a burst of events is computed
once. Where time alone changes the message, `lapsed` names the users: see `realtime.hub.computed`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realtime.protocol.messages import Payload

# Takes the place where the last call ended, and returns users and the next place; no users at the
# end. The first call gets None: it goes back a minute, and fixes the place.
Lapsed = Callable[[Any], tuple[Collection[int], Any]]


@dataclass(frozen=True)
class ComputedMessage:
    """A message per user, loaded for many users at once. `load` and `lapsed` may query."""

    name: str
    after: frozenset[str]
    load: Callable[[Sequence[int]], Mapping[int, Payload]]
    lapsed: Lapsed | None = None


_messages: dict[str, ComputedMessage] = {}


def register(message: ComputedMessage) -> None:
    """Add a computed message, or replace the one of its name."""
    _messages[message.name] = message


def messages() -> Sequence[ComputedMessage]:
    """Return all computed messages, in the order of their registration."""
    return tuple(_messages.values())


def after(event_type: str) -> bool:
    """Say whether an event of this type changes a computed message."""
    return any(event_type in message.after for message in _messages.values())
