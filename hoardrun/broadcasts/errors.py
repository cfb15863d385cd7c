"""The refusals of a broadcast."""

from __future__ import annotations

from realtime.errors import Conflict, Forbidden, NotFound, Refused


class UserNotFound(NotFound):
    title = "No such user"
    text = "There is no user {}; give the id of an existing one."


class UnknownRoom(NotFound):
    title = "No such room"
    text = "There is no market room {!r}; `list_rooms` on the socket names them."


class IdempotencyConflict(Refused):
    status = 422  # as everywhere: 409 is for changes by another person
    title = "Idempotency key used before"
    text = (
        "This Idempotency-Key was used for another broadcast. "
        "Repeat the first request unchanged, or send a new key."
    )


class NotApproved(Conflict):
    title = "The broadcast was not approved"
    text = "It is {}: nothing was sent. To try again, send a new key."


class BroadcastNotFound(NotFound):
    title = "No such broadcast"
    text = "There is no broadcast {}; `GET /ws/broadcast/waiting` lists those that wait."


class OwnBroadcast(Forbidden):
    title = "Another person decides"
    text = "This broadcast is yours; ask somebody else to decide on it."


class NothingToDecide(Conflict):
    code = "already_decided"
    title = "Decided already"
    text = "There is nothing to decide: this broadcast was {} already."


class ApprovalExpired(Conflict):
    title = "Waited for too long"
    text = "This broadcast waited for more than {} hours; its author may send it again."


class NoLongerValid(Conflict):
    title = "The broadcast is out of date"
    text = "It cannot be sent any more ({}); reject it."
