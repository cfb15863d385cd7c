"""Why a broadcast is refused."""

from __future__ import annotations

from realtime.errors import Refused


class UserNotFound(Refused):
    code = "user_not_found"
    status = 404
    title = "No such user"
    text = "There is no user {}; give the id of an existing one."


class UnknownRoom(Refused):
    code = "unknown_room"
    status = 404
    title = "No such room"

    def __init__(self, room: str) -> None:
        super().__init__(
            f"There is no market room {room[:100]!r}; `list_rooms` on the socket names them."
        )


class IdempotencyConflict(Refused):
    code = "idempotency_conflict"
    status = 422  # as everywhere: 409 is for what somebody else has changed
    title = "Idempotency key used before"
    text = (
        "This Idempotency-Key was used for another broadcast. "
        "Repeat the first request unchanged, or send a new key."
    )


class NotApproved(Refused):
    code = "not_approved"
    status = 409
    title = "The broadcast was not approved"
    text = "It is {}: nothing was sent. To try again, send a new key."


class BroadcastNotFound(Refused):
    code = "broadcast_not_found"
    status = 404
    title = "No such broadcast"
    text = "There is no broadcast {}; `GET /ws/broadcast/waiting` lists those that wait."


class OwnBroadcast(Refused):
    code = "own_broadcast"
    status = 403
    title = "Another person decides"
    text = "This broadcast is yours; ask somebody else to decide on it."


class NothingToDecide(Refused):
    code = "already_decided"
    status = 409
    title = "Decided already"
    text = "There is nothing to decide: this broadcast was {} already."


class ApprovalExpired(Refused):
    code = "approval_expired"
    status = 409
    title = "Waited for too long"
    text = "This broadcast waited for more than {} hours; its author may send it again."


class NoLongerValid(Refused):
    code = "no_longer_valid"
    status = 409
    title = "The broadcast is out of date"
    text = "It cannot be sent any more ({}); reject it."
