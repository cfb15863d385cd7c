"""One example of every message, as clients and server send it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from realtime.protocol import PROTOCOL_VERSION, codec
from realtime.protocol.codes import ErrorCode
from realtime.protocol.commands import (
    COMMAND_TYPES,
    Ack,
    AnyCommand,
    Authenticate,
    JoinRoom,
    LeaveRoom,
    ListRooms,
    Ping,
    SubscribeNotifications,
    UnsubscribeNotifications,
)
from realtime.protocol.messages import (
    PAYLOADS,
    AccessChanged,
    Acked,
    Authenticated,
    BalanceUpdate,
    ConnectionEstablished,
    Error,
    Limits,
    MarketUpdate,
    NodeReport,
    Notification,
    NotificationCounts,
    NotificationState,
    NotificationUpdated,
    Payload,
    Pong,
    Position,
    ResyncRequired,
    RoomInfo,
    RoomJoined,
    RoomLeft,
    Rooms,
    ServerShutdown,
    SubscriptionUpdated,
    SystemAnnouncement,
    TokenExpiring,
    TransactionUpdate,
)

_MOMENT = "2026-03-01T09:30:00.000Z"
_LATER = "2026-03-01T10:30:00.000Z"
_USER = "user:17"
_ANNOUNCEMENTS = "announcements"
_EPOCHS = ("k3x9", "p07d")
_ROOM = "market:BTC-USD"


class _Sent(NamedTuple):
    payload: Payload
    stream: str | None = None
    offset: int | None = None
    room: str | None = None
    request_id: str | None = None


_COMMANDS: Sequence[AnyCommand] = (
    Ping(id="1"),
    JoinRoom(id="2", room=_ROOM, rate="1s"),
    LeaveRoom(id="3", rooms=[_ROOM, "market:crypto"]),
    ListRooms(id="4"),
    SubscribeNotifications(id="5", types=["transaction", "balance"]),
    UnsubscribeNotifications(id="6", types=["balance"]),
    Ack(id="7", stream=_USER, offset=42),
    Authenticate(id="8", token="<access token>"),
)
_MESSAGES: Sequence[_Sent] = (
    _Sent(
        Notification(
            id="311",
            title="Money received",
            message="You received UGX 50,000 from Amina.",
            type="transaction",
            priority="high",
            channels=["in_app", "push"],
            metadata={"transaction_id": "9"},
            created_at=_MOMENT,
        ),
        _USER,
        42,
    ),
    _Sent(
        NotificationUpdated(
            notifications=[
                NotificationState(id="311", status="read", seen_at=_MOMENT, read_at=_MOMENT)
            ]
        ),
        _USER,
        43,
    ),
    _Sent(
        TransactionUpdate(
            id="9",
            status="completed",
            amount="50000",
            currency="UGX",
            account_id="4",
            type="deposit",
            direction="inbound",
            description="From Amina",
            payment_method="mobile_money",
            provider="mtn",
            reference="INV-7",
            balance_after="120000",
            created_at=_MOMENT,
            updated_at=_MOMENT,
            completed_at=_MOMENT,
        ),
        _USER,
        44,
    ),
    _Sent(
        BalanceUpdate(
            account_id="4",
            currency="UGX",
            available_balance="120000",
            current_balance="120000",
            name="Everyday",
            status="active",
            updated_at=_MOMENT,
        ),
        _USER,
        45,
    ),
    _Sent(
        SystemAnnouncement(
            id="12",
            title="Maintenance",
            message="Transfers pause for ten minutes at 22:00 UTC.",
            severity="maintenance",
            published_at=_MOMENT,
        ),
        _ANNOUNCEMENTS,
        3,
    ),
    _Sent(AccessChanged(change="closed", connection_id="5f2c8a", reconnect=True), _USER, 46),
    _Sent(
        MarketUpdate(
            symbol="BTC-USD",
            price="64250.10",
            name="Bitcoin",
            type="crypto",
            change="-120.40",
            change_percent="-0.19",
            timestamp=_MOMENT,
        ),
        room=_ROOM,
    ),
    _Sent(NotificationCounts(unread=4, unseen=1)),
    _Sent(
        NodeReport(
            id="a1b2",
            node="web-1:812",
            host="web-1",
            pid=812,
            version="1.0.0",
            uptime_seconds=3600,
            connections=950,
            users=900,
            rooms=12,
            in_per_second=40.5,
            out_per_second=1800.0,
            dropped=0,
            slow_closed=0,
            lag_ms=1.2,
            rss_mb=180.0,
        ),
        room="nodes",
    ),
    _Sent(
        ConnectionEstablished(
            user_id="17",
            connection_id="5f2c8a",
            protocol_version=PROTOCOL_VERSION,
            server_version="1.0.0",
            heartbeat_seconds=20.0,
            expires_at=_LATER,
            limits=Limits(
                max_message_bytes=65536,
                max_messages_per_second=20,
                max_message_burst=40,
                max_rooms=50,
                max_connections=10,
            ),
            positions={
                _USER: Position(offset=41, epoch=_EPOCHS[0]),
                _ANNOUNCEMENTS: Position(offset=2, epoch=_EPOCHS[1]),
            },
            epoch=".".join(_EPOCHS),
            device="phone",
        )
    ),
    _Sent(
        Pong(
            positions={
                _USER: Position(offset=46, epoch=_EPOCHS[0]),
                _ANNOUNCEMENTS: Position(offset=3, epoch=_EPOCHS[1]),
            }
        ),
        request_id="1",
    ),
    _Sent(RoomJoined(room=_ROOM, rate="1s", snapshot=1), room=_ROOM, request_id="2"),
    _Sent(RoomLeft(room=_ROOM), room=_ROOM, request_id="3"),
    _Sent(
        Rooms(
            rooms=[RoomInfo(name=_ROOM, kind="market", description="Bitcoin", joined=True)],
            joined=[_ROOM],
        ),
        request_id="4",
    ),
    _Sent(SubscriptionUpdated(types=["balance", "transaction"]), request_id="5"),
    _Sent(Acked(stream=_USER, offset=42), request_id="7"),
    _Sent(Authenticated(user_id="17", expires_at=_LATER), request_id="8"),
    _Sent(TokenExpiring(expires_at=_LATER, seconds=60)),
    _Sent(
        ResyncRequired(
            stream=_USER,
            reason="trimmed",
            position=Position(offset=46, epoch=_EPOCHS[0]),
            epoch=".".join(_EPOCHS),
            snapshot="/api/v1/snapshot",
        )
    ),
    _Sent(ServerShutdown(reconnect_after_ms=3200)),
    _Sent(
        Error(
            code=ErrorCode.UNKNOWN_ROOM.wire,
            message="There is no room 'market:X' that you may join; "
            "`list_rooms` names those that there are.",
            retryable=ErrorCode.UNKNOWN_ROOM.retryable,
            rooms=["market:X"],
        ),
        request_id="2",
    ),
)


def _command(command: AnyCommand) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(command)
    return {name: value for name, value in fields.items() if value is not None}


def _frame(sent: _Sent) -> dict[str, Any]:
    text = codec.encode(
        sent.payload,
        stream=sent.stream,
        offset=sent.offset,
        room=sent.room,
        request_id=sent.request_id,
        moment=_MOMENT,
    )
    frame: dict[str, Any] = msgspec.json.decode(text)
    return frame


EXAMPLES: dict[str, dict[str, Any]] = {
    frame["type"]: frame for frame in (*map(_command, _COMMANDS), *map(_frame, _MESSAGES))
}
assert EXAMPLES.keys() == COMMAND_TYPES | PAYLOADS.keys(), "every message needs its example"
