"""The way out of other apps: `publish`, `publish_many` and `publish_ephemeral`.

`publish` writes to the log inside the caller's transaction, and wakes the nodes once that has
committed; a transaction that is rolled back publishes nothing. It is synchronous, as Django's
transactions are. `anywhere` makes such a function awaitable where an event loop runs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

import msgspec
from asgiref.sync import sync_to_async
from django.db import OperationalError, transaction

from realtime import log
from realtime.core.records import Beside as Beside
from realtime.core.records import Ephemeral as Ephemeral
from realtime.core.records import StoredEvent
from realtime.layer import send
from realtime.meters import meters
from realtime.protocol import codec
from realtime.protocol.messages import Payload
from realtime.retry import retried
from realtime.sql import blockers
from realtime.sql.errors import StreamLocked, explain

P = ParamSpec("P")
R = TypeVar("R")
PayloadT = TypeVar("PayloadT", bound=Payload)
StructT = TypeVar("StructT", bound=msgspec.Struct)


def publish(
    stream: str,
    payload: Payload,
    *,
    idempotency_key: str | None = None,
    beside: Beside | None = None,
) -> StoredEvent:
    """Append one event to a stream, and wake its followers on commit.

    Call it last in the transaction: the stream stays locked until the commit.
    A repeated idempotency key writes nothing and returns the first event; with `beside`, which
    inserts a row of the caller's, give none.
    Raises StreamLocked, an OperationalError, where another transaction holds the stream too long.
    """
    return publish_many([(stream, payload)], idempotency_key=idempotency_key, beside=beside)[0]


@retried
def publish_many(
    messages: Sequence[tuple[str, Payload]],
    *,
    idempotency_key: str | None = None,
    beside: Beside | None = None,
) -> list[StoredEvent]:
    """Append events to many streams at once, as `publish` does to one."""
    if not messages:
        return []
    with transaction.atomic(savepoint=False):
        began = time.perf_counter()
        try:
            entries = log.append(messages, idempotency_key=idempotency_key, beside=beside)
        except OperationalError as error:
            raise _explained(error, messages, time.perf_counter() - began) from error.__cause__
        stored_at = time.perf_counter()
        transaction.on_commit(partial(_committed, entries, began, stored_at), robust=True)
    return entries


def _explained(
    error: OperationalError, messages: Sequence[tuple[str, Payload]], waited_seconds: float
) -> OperationalError:
    """Name the streams that a publisher could not lock, and the sessions that hold them."""
    if explain(error).cause != "lock_timeout":
        return error
    names = tuple(sorted({stream for stream, _ in messages}))
    holder = str(blockers.holder_of_streams(names) or "")
    return StreamLocked(names, waited_seconds, holder)


def _committed(entries: Sequence[StoredEvent], began: float, stored_at: float) -> None:
    send.wake(entries)
    with meters.lock:  # once for both: on the way of each event
        meters.publish_seconds["append"].observe(stored_at - began)
        meters.publish_seconds["commit"].observe(time.perf_counter() - stored_at)
        for entry in entries:
            meters.published[entry.type] += 1


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


def tell(topic: str, texts: Sequence[str]) -> None:
    """Send texts to the nodes that `realtime.asgi.listen` to a topic, in the order of the calls.

    Never blocks, never fails, and is never stored: texts may be lost, so number them. Choose a
    topic that feeds no room.
    """
    send.spread(topic, list(texts))


def flush(timeout_seconds: float = 1.0) -> bool:
    """Wait until all wake-ups of this process were sent; False: they were not. For commands."""
    return send.sender.flush(timeout_seconds)


def clear(stream: str) -> int:
    """Delete a stream's events, up to the news of its user's access; return how many."""
    return log.clear(stream)


def anywhere(function: Callable[P, R]) -> Callable[P, R | Awaitable[R]]:
    """Decorate a synchronous function: it does its work and returns its result.

    Where an event loop runs, it returns an awaitable instead, so `await` it.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R | Awaitable[R]:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return function(*args, **kwargs)
        return sync_to_async(function)(*args, **kwargs)

    return call


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


def payload_of(kind: type[StructT], row: object, /, **given: Any) -> StructT:
    """Make a message of what is given, and of the row's attributes that its other fields name.

    Times and ids become strings. The content of the row is not checked.
    """
    for name in kind.__struct_fields__:
        if name not in given:
            value = getattr(row, name)
            if isinstance(value, datetime):
                value = codec.timestamp(value)
            given[name] = str(value) if type(value) is int else value
    return kind(**given)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return codec.timestamp(value)
    return msgspec.to_builtins(value)
