"""The only doors out: `publish`, `publish_many`, `publish_ephemeral` and `broadcast_*`.

`publish` writes to the log inside the caller's transaction and wakes the nodes
once that has committed: rolled back, nothing was ever said. It is synchronous, as
Django's transactions are. The five `broadcast_*` functions take plain dictionaries
and may be called from anywhere: in synchronous code they do the work and return;
where an event loop runs, they return an awaitable, so `await` them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import uuid4

import msgspec
from asgiref.sync import sync_to_async
from django.db import transaction

from realtime import clock, log
from realtime.core.records import Entry
from realtime.core.records import Ephemeral as Ephemeral
from realtime.layer import send
from realtime.protocol import codec
from realtime.protocol.messages import (
    BalanceUpdate,
    MarketUpdate,
    Notification,
    Payload,
    SystemAnnouncement,
    TransactionUpdate,
)
from realtime.retry import retried
from realtime.streams import ANNOUNCEMENTS, user_stream

P = ParamSpec("P")
R = TypeVar("R")
PayloadT = TypeVar("PayloadT", bound=Payload)


def publish(stream: str, payload: Payload, *, idempotency_key: str | None = None) -> Entry:
    """Append one event to a stream, and wake its followers on commit.

    Call it last in the transaction: the stream stays locked until the commit.
    A repeated idempotency key writes nothing and returns the first event.
    """
    return publish_many([(stream, payload)], idempotency_key=idempotency_key)[0]


@retried
def publish_many(
    messages: Sequence[tuple[str, Payload]], *, idempotency_key: str | None = None
) -> list[Entry]:
    """Append events to many streams at once, as `publish` does to one."""
    if not messages:
        return []
    with transaction.atomic(savepoint=False):
        entries = log.append(messages, idempotency_key=idempotency_key)
        transaction.on_commit(lambda: send.wake(entries), robust=True)
    return entries


def publish_ephemeral(topic: str, messages: Sequence[Ephemeral]) -> None:
    """Send messages to every node that has sockets in a room of `topic`.

    Never blocks, never fails, is never stored: one layer message, whatever the
    audience. Callable from synchronous and asynchronous code alike.
    """
    send.spread(
        topic,
        [
            (list(m.rooms), m.key, m.payload.wire_type, codec.encode_data(m.payload).decode())
            for m in messages
        ],
    )


def _anywhere(function: Callable[P, R]) -> Callable[P, R | Awaitable[R]]:
    """Let a synchronous function be awaited where an event loop runs."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R | Awaitable[R]:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return function(*args, **kwargs)
        return sync_to_async(function)(*args, **kwargs)

    return call


@_anywhere
def broadcast_notification(
    notification_data: Mapping[str, Any], user_id: int | str | None = None
) -> Entry:
    """Push a notification to one user, or to everybody.

    `title` and `message` are required. It is an event only: to keep it in the
    user's inbox, call `notifications.services.notification_create` instead.
    """
    data = {"id": uuid4().hex, "created_at": clock.now(), **notification_data}
    data["stored"] = False  # whoever hears it must not look for it in the inbox
    stream = ANNOUNCEMENTS if user_id is None else user_stream(user_id)
    return publish(stream, payload_from(Notification, data))


@_anywhere
def broadcast_transaction_update(transaction_data: Mapping[str, Any], user_id: int | str) -> Entry:
    """Push a transaction's state to its owner; `id`, `status`, `amount`, `currency` required."""
    return publish(user_stream(user_id), payload_from(TransactionUpdate, transaction_data))


@_anywhere
def broadcast_balance_update(balance_data: Mapping[str, Any], user_id: int | str) -> Entry:
    """Push an account's balances to its owner."""
    return publish(user_stream(user_id), payload_from(BalanceUpdate, balance_data))


@_anywhere
def broadcast_market_update(market_data: Mapping[str, Any], room: str = "market_data") -> None:
    """Push a quote to a market room; not stored. `symbol` and `price` are required."""
    payload = payload_from(MarketUpdate, {"timestamp": datetime.now(UTC), **market_data})
    publish_ephemeral("market", [Ephemeral((room,), payload.symbol, payload)])


@_anywhere
def broadcast_system_announcement(announcement: Mapping[str, Any]) -> Entry:
    """Push an announcement to everybody; `title` and `message` are required."""
    data = {"id": uuid4().hex, "published_at": clock.now(), **announcement}
    return publish(ANNOUNCEMENTS, payload_from(SystemAnnouncement, data))


def payload_from(kind: type[PayloadT], data: Mapping[str, Any]) -> PayloadT:
    """Check a plain dictionary against a message of the protocol.

    Decimal and datetime become strings; a float is refused where money is meant.
    Raises ValueError naming the field.
    """
    plain = {key: _plain(value) for key, value in data.items()}
    if unknown := plain.keys() - set(kind.__struct_fields__):
        raise ValueError(f"{kind.wire_type} has no field {', '.join(sorted(unknown))}")
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"{kind.wire_type}: {error}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return codec.timestamp(value)
    return msgspec.to_builtins(value)
