"""Push what plain dictionaries say: five functions that may be called from anywhere.

In synchronous code they do the work and return; where an event loop runs, they return an
awaitable, so `await` them. A durable event is written inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
from hoardrun.market.messages import MarketUpdate
from hoardrun.market.names import ALL_ROOM, TOPIC
from notifications.kinds.lookup import general
from notifications.messages import Notification, SystemAnnouncement
from realtime import clock
from realtime.core.records import StoredEvent
from realtime.publish import Ephemeral, anywhere, payload_from, publish, publish_ephemeral
from realtime.streams import ANNOUNCEMENTS, user_stream


@anywhere
def broadcast_notification(
    notification_data: Mapping[str, Any],
    user_id: int | str | None = None,
    *,
    key: str | None = None,
) -> StoredEvent:
    """Push a notification to one user, or to all users; with a `key`, once in their stream.

    `title` and `message` are required. It is an event only, and nothing of it leaves the app: to
    keep it in the user's inbox, call `notifications.services.notification_create` instead.
    """
    data = {"id": uuid4().hex, "created_at": clock.now(), **notification_data}
    data["stored"] = False  # a client must not look for it in the inbox
    data.setdefault("kind", general(data.get("type", "system")))
    stream = ANNOUNCEMENTS if user_id is None else user_stream(user_id)
    return publish(stream, payload_from(Notification, data), idempotency_key=key)


@anywhere
def broadcast_transaction_update(
    transaction_data: Mapping[str, Any], user_id: int | str
) -> StoredEvent:
    """Push a transaction's state to its owner; `id`, `status`, `amount`, `currency` required."""
    return publish(user_stream(user_id), payload_from(TransactionUpdate, transaction_data))


@anywhere
def broadcast_balance_update(balance_data: Mapping[str, Any], user_id: int | str) -> StoredEvent:
    """Push an account's balances to its owner."""
    return publish(user_stream(user_id), payload_from(BalanceUpdate, balance_data))


@anywhere
def broadcast_market_update(market_data: Mapping[str, Any], room: str = ALL_ROOM) -> None:
    """Push a quote to a market room; not stored. `symbol` and `price` are required."""
    payload = payload_from(MarketUpdate, {"timestamp": datetime.now(UTC), **market_data})
    publish_ephemeral(TOPIC, [Ephemeral((room,), payload.symbol, payload)])


@anywhere
def broadcast_system_announcement(announcement: Mapping[str, Any]) -> StoredEvent:
    """Push an announcement to all users; `title` and `message` are required."""
    data = {"id": uuid4().hex, "published_at": clock.now(), **announcement}
    return publish(ANNOUNCEMENTS, payload_from(SystemAnnouncement, data))
