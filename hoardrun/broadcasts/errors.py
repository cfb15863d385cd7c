"""Why a broadcast is refused.

BroadcastError
├── UserNotFound         there is nobody of that id
├── UnknownRoom          there is no such market room
├── IdempotencyConflict  the key was used for another broadcast
├── NotApproved          a repeated key whose broadcast was rejected or expired
├── BroadcastNotFound    there is no such broadcast to decide on
├── OwnBroadcast         nobody decides on what is theirs
├── NothingToDecide      it was decided already, or needed no approval
├── ApprovalExpired      it waited for too long
└── NoLongerValid        what it says cannot be sent any more
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
    status = 422  # as everywhere: 409 is for what somebody else has changed
    title = "Idempotency key used before"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for another broadcast. "
            "Repeat the first request unchanged, or send a new key."
        )


class NotApproved(BroadcastError):
    code = "not_approved"
    status = 409
    title = "The broadcast was not approved"

    def __init__(self, state: str) -> None:
        super().__init__(f"It is {state}: nothing was sent. To try again, send a new key.")


class BroadcastNotFound(BroadcastError):
    code = "broadcast_not_found"
    status = 404
    title = "No such broadcast"

    def __init__(self, broadcast_id: int) -> None:
        super().__init__(
            f"There is no broadcast {broadcast_id}; `GET /ws/broadcast/waiting` lists those "
            "that wait."
        )


class OwnBroadcast(BroadcastError):
    code = "own_broadcast"
    status = 403
    title = "Another person decides"

    def __init__(self) -> None:
        super().__init__("This broadcast is yours; ask somebody else to decide on it.")


class NothingToDecide(BroadcastError):
    code = "already_decided"
    status = 409
    title = "Decided already"

    def __init__(self, state: str) -> None:
        super().__init__(f"There is nothing to decide: this broadcast was {state} already.")


class ApprovalExpired(BroadcastError):
    code = "approval_expired"
    status = 409
    title = "Waited for too long"

    def __init__(self, hours: int) -> None:
        super().__init__(
            f"This broadcast waited for more than {hours} hours; its author may send it again."
        )


class NoLongerValid(BroadcastError):
    code = "no_longer_valid"
    status = 409
    title = "The broadcast is out of date"

    def __init__(self, reasons: str) -> None:
        super().__init__(f"It cannot be sent any more ({reasons}); reject it.")
