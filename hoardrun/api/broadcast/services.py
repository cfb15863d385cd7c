"""Broadcast on behalf of a member of staff, and keep who broadcast what to whom.

Each service writes the record and the event in one transaction. With an idempotency
key, the record's unique constraint lets one of several equal requests through; the
others wait for it and return what it returned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from hoardrun.api.broadcast.errors import IdempotencyConflict, UnknownRoom, UserNotFound
from hoardrun.market import names as market_names
from notifications import validation
from notifications.services import (
    announcement_create,
    announcement_publish,
    notification_create,
)
from realtime import log, names, publish, rooms
from realtime.log import Entry
from realtime.models import Broadcast

EVERYBODY = "all"


class Outcome(NamedTuple):
    """What to answer, and whether it was answered before."""

    result: dict[str, Any]
    replayed: bool


class Order(NamedTuple):
    """Who broadcasts, and under which key."""

    author_id: int
    idempotency_key: str | None = None


def broadcast_notification(
    *, order: Order, data: Mapping[str, Any], user_id: int | None
) -> Outcome:
    """Put a notification into a user's inbox; without a user, show it to all who are there."""

    def send() -> dict[str, Any]:
        if user_id is None:
            validation.future("expires_at", data.get("expires_at"), timezone.now())
            entry = _entry(publish.broadcast_notification(data))
            return _result(entry, id=msgspec.json.decode(entry.payload)["data"]["id"])
        _user_check(user_id)
        notification = notification_create(user_id=user_id, **data)
        stream = names.user_stream(user_id)
        # This transaction has just written to the stream, and so locks it.
        offset = log.heads([stream])[stream].head if notification.published_at else None
        return {"id": str(notification.pk), "stream": stream, "offset": offset}

    return _broadcast(order, "notification", _target(user_id), data, send)


def broadcast_transaction(*, order: Order, data: Mapping[str, Any], user_id: int) -> Outcome:
    """Push a transaction's state to its owner."""
    send = partial(_send_to_user, publish.broadcast_transaction_update, data, user_id, data["id"])
    return _broadcast(order, "transaction", _target(user_id), data, send)


def broadcast_balance(*, order: Order, data: Mapping[str, Any], user_id: int) -> Outcome:
    """Push an account's balances to its owner."""
    send = partial(
        _send_to_user, publish.broadcast_balance_update, data, user_id, data["account_id"]
    )
    return _broadcast(order, "balance", _target(user_id), data, send)


def broadcast_market(*, order: Order, data: Mapping[str, Any], room: str) -> Outcome:
    """Push a quote to a market room once the record is safe; nobody keeps it."""

    def send() -> dict[str, Any]:
        kind = rooms.kind_of(room)
        known = kind is not None and kind.topic == market_names.TOPIC
        if kind is None or not known or not kind.may_join(order.author_id, room):
            raise UnknownRoom(room)
        transaction.on_commit(partial(publish.broadcast_market_update, data, room))
        return {"id": data["symbol"], "stream": None, "offset": None, "room": room}

    return _broadcast(order, "market", room, data, send)


def broadcast_announcement(*, order: Order, data: Mapping[str, Any]) -> Outcome:
    """Write an announcement and publish it to everybody."""

    def send() -> dict[str, Any]:
        written = announcement_create(author_id=order.author_id, **data)
        published = announcement_publish(announcement_id=written.pk)
        return {
            "id": str(published.pk),
            "stream": names.ANNOUNCEMENTS,
            "offset": published.event_offset,
        }

    return _broadcast(order, "announcement", EVERYBODY, data, send)


@transaction.atomic
def _broadcast(
    order: Order,
    kind: str,
    target: str,
    data: Mapping[str, Any],
    send: Callable[[], dict[str, Any]],
) -> Outcome:
    """Record, then send, so that a repetition is stopped before it sends anything."""
    payload = msgspec.to_builtins(data, builtin_types=())
    fields = {
        "kind": kind,
        "target": target,
        "payload": payload,
        "fingerprint": _fingerprint(kind, target, payload),
    }
    if order.idempotency_key is None:
        record, created = Broadcast.objects.create(author_id=order.author_id, **fields), True
    else:
        record, created = Broadcast.objects.get_or_create(
            author_id=order.author_id, idempotency_key=order.idempotency_key, defaults=fields
        )
    if not created:
        if record.fingerprint != fields["fingerprint"]:
            raise IdempotencyConflict
        return Outcome(record.result, replayed=True)
    record.result = {
        "success": True,
        "message": f"{kind.capitalize()} broadcast.",
        "target": target,
        **send(),
    }
    record.save(update_fields=["result"])
    return Outcome(record.result, replayed=False)


def _send_to_user(
    push: Callable[[Mapping[str, Any], int], Entry | Awaitable[Entry]],
    data: Mapping[str, Any],
    user_id: int,
    id: str,
) -> dict[str, Any]:
    _user_check(user_id)
    return _result(_entry(push(data, user_id)), id=id)


def _user_check(user_id: int) -> None:
    if not get_user_model()._default_manager.filter(pk=user_id).exists():
        raise UserNotFound(user_id)


def _entry(published: Entry | Awaitable[Entry]) -> Entry:
    assert isinstance(published, Entry), "broadcasts are served in threads, without an event loop"
    return published


def _result(entry: Entry, *, id: str) -> dict[str, Any]:
    return {"id": id, "stream": entry.stream, "offset": entry.offset}


def _target(user_id: int | None) -> str:
    return EVERYBODY if user_id is None else str(user_id)


def _fingerprint(kind: str, target: str, payload: Any) -> str:
    text = msgspec.json.encode([kind, target, payload], order="deterministic")
    return hashlib.sha256(text).hexdigest()
