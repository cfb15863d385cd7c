"""Why a broadcast is refused.

BroadcastError
├── UserNotFound         there is nobody of that id
├── UnknownRoom          there is no such market room
└── IdempotencyConflict  the key was used for another broadcast
"""

from __future__ import annotations

from typing import Any, ClassVar


class BroadcastError(Exception):
    """Any refusal; the text says what to do, and nothing was written."""

    code: ClassVar[str] = "broadcast_error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The broadcast is refused"
    extra: ClassVar[dict[str, Any]] = {}


class UserNotFound(BroadcastError):
    code = "user_not_found"
    status = 404
    title = "No such user"

    def __init__(self, user_id: int) -> None:
        super().__init__(f"There is no user {user_id}; give the id of an existing one.")


class UnknownRoom(BroadcastError):
    code = "unknown_room"
    status = 404
    title = "No such room"

    def __init__(self, room: str) -> None:
        super().__init__(
            f"There is no market room {room[:100]!r}; `list_rooms` on the socket names them."
        )


class IdempotencyConflict(BroadcastError):
    code = "idempotency_conflict"
    status = 409
    title = "Idempotency key used before"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for another broadcast. "
            "Repeat the first request unchanged, or send a new key."
        )
