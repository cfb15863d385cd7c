"""Publish changes of notifications: all of one user together, in as few events as possible.

Called by `publishing` and by the bulk services.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from notifications.messages import NotificationState, NotificationUpdated
from realtime.publish import publish_many
from realtime.streams import user_stream

PER_EVENT = 100  # notifications in one event, at most
MAX_EVENT_BYTES = 32 * 1024  # of one event, unless a single notification is larger


def publish_states(changes: Iterable[tuple[int, NotificationState]]) -> None:
    """Publish changes by user, each user's in the order given.

    Call it last in the transaction: the users' streams stay locked until the commit.
    """
    by_user: dict[int, list[NotificationState]] = {}
    for user_id, state in changes:
        by_user.setdefault(user_id, []).append(state)
    publish_many(
        [
            (user_stream(user_id), NotificationUpdated(notifications=part))
            for user_id, states in by_user.items()
            for part in _parts(states)
        ]
    )


def _parts(states: Sequence[NotificationState]) -> Iterator[list[NotificationState]]:
    """Split changes into events that every client accepts."""
    part: list[NotificationState] = []
    size = 0
    for state in states:
        weight = len(msgspec.json.encode(state))
        if part and (len(part) == PER_EVENT or size + weight > MAX_EVENT_BYTES):
            yield part
            part, size = [], 0
        part.append(state)
        size += weight
    if part:
        yield part
