"""All messages at a glance: their schemas, their envelopes, and which answers which.

What is written for others to read, documentation and declarations, is written from here.
"""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
from msgspec import Struct

from realtime.protocol.commands import (
    Ack,
    AnyCommand,
    Authenticate,
    Command,
    JoinRoom,
    LeaveRoom,
    ListRooms,
    Ping,
    SubscribeNotifications,
    UnsubscribeNotifications,
)
from realtime.protocol.export.described import describe
from realtime.protocol.messages import (
    PAYLOADS,
    AccessChanged,
    Acked,
    Authenticated,
    BalanceUpdate,
    ConnectionEstablished,
    Error,
    MarketUpdate,
    NodeReport,
    Notification,
    NotificationCounts,
    NotificationUpdated,
    Payload,
    Pong,
    ResyncRequired,
    RoomJoined,
    RoomLeft,
    Rooms,
    ServerShutdown,
    SubscriptionUpdated,
    SystemAnnouncement,
    TokenExpiring,
    TransactionUpdate,
)

# Their envelope has `stream` and `offset`.
EVENTS: tuple[type[Payload], ...] = (
    Notification,
    NotificationUpdated,
    TransactionUpdate,
    BalanceUpdate,
    SystemAnnouncement,
    AccessChanged,
)
# Their envelope has `room`.
ROOM_MESSAGES: tuple[type[Payload], ...] = (MarketUpdate, NodeReport, RoomJoined, RoomLeft)
# Sent without being asked for, with nothing in the envelope but what all have.
NOTICES: tuple[type[Payload], ...] = (
    ConnectionEstablished,
    NotificationCounts,
    TokenExpiring,
    ResyncRequired,
    ServerShutdown,
    Error,
)
# What a command is answered with unless an `error` refuses it; both repeat its `id`.
ANSWERS: dict[type[Command], type[Payload]] = {
    Ping: Pong,
    JoinRoom: RoomJoined,
    LeaveRoom: RoomLeft,
    ListRooms: Rooms,
    SubscribeNotifications: SubscriptionUpdated,
    UnsubscribeNotifications: SubscriptionUpdated,
    Ack: Acked,
    Authenticate: Authenticated,
}
assert ANSWERS.keys() == set(AnyCommand.__args__), "every command needs its answer"
assert {*EVENTS, *ROOM_MESSAGES, *NOTICES, *ANSWERS.values()} == set(PAYLOADS.values()), (
    "every message needs its envelope"
)


def is_answer(kind: type[Struct]) -> bool:
    """Say whether messages of this kind may repeat the `id` of a command."""
    return kind is Error or kind in ANSWERS.values()


def tag(command: type[Struct]) -> str:
    """Return the wire type of a command."""
    return str(command.__struct_config__.tag)


def schemas(ref_template: str) -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of every command and every `data`, and of what these refer to.

    By name; `ref_template` is what a reference to `{name}` looks like.
    """
    _, found = msgspec.json.schema_components(
        [*AnyCommand.__args__, *PAYLOADS.values()], ref_template=ref_template
    )
    for schema in found.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    return describe(found)
