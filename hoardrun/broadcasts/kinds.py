"""The kinds of broadcast: for each its fields, its target and the function that sends it.

A kind is one function and one line of `KINDS`. Each function writes inside the caller's
transaction and says what it wrote. Its docstring describes the endpoint in the API and the form
in the console.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec
from django.contrib.auth import get_user_model
from django.db import transaction

from hoardrun.broadcasts import publish
from hoardrun.broadcasts.errors import UnknownRoom, UserNotFound
from hoardrun.broadcasts.serializers import (
    AnnouncementBroadcast,
    BalanceBroadcast,
    MarketBroadcast,
    NotificationBroadcast,
    TransactionBroadcast,
)
from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
from hoardrun.market import names as market_names
from hoardrun.market.messages import MarketUpdate
from notifications import validation
from notifications.fallbacks.services import fallback_request
from notifications.messages import Notification, SystemAnnouncement
from notifications.services import (
    announcement_create,
    announcement_publish,
    notification_create_once,
)
from notifications.services.triggering import with_kind
from notifications.validation import MESSAGE_LENGTH, TITLE_LENGTH
from realtime import reach, registry, rooms
from realtime.core.records import StoredEvent
from realtime.protocol.messages import Payload
from realtime.rest.serializers import StrictSerializer
from realtime.streams import ANNOUNCEMENTS, user_stream

EVERYBODY = "all"
Data = Mapping[str, Any]


class Kind(NamedTuple):
    """`target` names the field with the recipient; `everybody`: it may be for all."""

    message: type[Payload]
    serializer: type[StrictSerializer]
    send: Callable[[int, str, Data], dict[str, Any]]
    target: str | None
    everybody: bool = False


def send_notification(author_id: int, target: str, data: Data) -> dict[str, Any]:
    """Notify a user, in the inbox too, or without `user_id` all connected users."""
    if target == EVERYBODY:
        validation.future("expires_at", data.get("expires_at"))
        validation.text("title", data.get("title"), TITLE_LENGTH)
        validation.text("message", data.get("message"), MESSAGE_LENGTH)
        content, _ = with_kind(data)
        key = content.pop("key", None)
        entry = _entry(publish.broadcast_notification(content, key=key))
        return _result(entry, id=msgspec.json.decode(entry.payload)["data"]["id"])
    user_id = _user_id(target)
    actor = f"user:{author_id}"
    notification, is_new = notification_create_once(user_id=user_id, actor=actor, **data)
    stream = user_stream(user_id)
    offset = None
    if is_new and notification.published_at:
        # This transaction has just written to the stream, and so locks it.
        offset = reach.positions([stream])[stream].head
    return {"id": str(notification.pk), "stream": stream, "offset": offset}


def send_transaction(author_id: int, target: str, data: Data) -> dict[str, Any]:
    """Push a transaction's state to its owner; no transaction is changed by it."""
    entry = _entry(publish.broadcast_transaction_update(data, _user_id(target)))
    return _result(entry, id=data["id"])


def send_balance(author_id: int, target: str, data: Data) -> dict[str, Any]:
    """Push an account's balances to its owner; no account is changed by it."""
    entry = _entry(publish.broadcast_balance_update(data, _user_id(target)))
    return _result(entry, id=data["account_id"])


def send_market(author_id: int, target: str, data: Data) -> dict[str, Any]:
    """Push a quote to a market room; nothing is stored but the record of it."""
    kind = rooms.kind_of(target)
    known = kind is not None and kind.topic == market_names.TOPIC
    if kind is None or not known or not kind.may_join(author_id, target):
        raise UnknownRoom(target[:100])
    transaction.on_commit(partial(publish.broadcast_market_update, data, target))
    return {"id": data["symbol"], "stream": None, "offset": None, "room": target}


def send_announcement(author_id: int, target: str, data: Data) -> dict[str, Any]:
    """Announce something to all users, now."""
    content = dict(data)
    is_emergency, texts = content.pop("emergency", False), content.pop("sms_texts", {})
    written = announcement_create(author_id=author_id, **content)
    after: dict[str, Any] = {}
    if is_emergency:
        fallback_request(announcement_id=written.pk, user_id=author_id, texts=texts)
        after = {"fallback": "waiting_for_approval"}
    published = announcement_publish(announcement_id=written.pk)
    return {
        "id": str(published.pk),
        "stream": ANNOUNCEMENTS,
        "offset": published.event_offset,
        **after,
    }


KINDS: Mapping[str, Kind] = {
    "notification": Kind(
        Notification, NotificationBroadcast, send_notification, "user_id", everybody=True
    ),
    "transaction": Kind(TransactionUpdate, TransactionBroadcast, send_transaction, "user_id"),
    "balance": Kind(BalanceUpdate, BalanceBroadcast, send_balance, "user_id"),
    "market": Kind(MarketUpdate, MarketBroadcast, send_market, "room"),
    "announcement": Kind(
        SystemAnnouncement, AnnouncementBroadcast, send_announcement, None, everybody=True
    ),
}


def audience(kind: str, target: str) -> int:
    """Count its recipients: users, or the sockets in a room as the nodes last reported."""
    if KINDS[kind].target == "room":
        return registry.cluster().rooms.get(target, 0)
    if target == EVERYBODY:
        return get_user_model()._default_manager.filter(is_active=True).count()
    return 1


def _user_id(target: str) -> int:
    """Return the id of an existing user."""
    user_id = int(target)
    if not get_user_model()._default_manager.filter(pk=user_id).exists():
        raise UserNotFound(user_id)
    return user_id


def _entry(published: StoredEvent | Awaitable[StoredEvent]) -> StoredEvent:
    assert isinstance(published, StoredEvent), (
        "broadcasts are served in threads, without an event loop"
    )
    return published


def _result(entry: StoredEvent, *, id: str) -> dict[str, Any]:
    return {"id": id, "stream": entry.stream, "offset": entry.offset}
