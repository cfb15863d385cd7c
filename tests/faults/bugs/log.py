"""Numbers, rows and floors of the log."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, transaction

from realtime import log, publish
from realtime.log import appending, in_one_statement, trimming
from realtime.models import Stream
from realtime.sql import failover
from tests.faults.bugs.patching import bug, changes, instead, replace


def _on_another_connection(original: Any) -> Any:
    """Let it commit by itself, even when its caller rolls back."""
    pool = ThreadPoolExecutor(1)

    def elsewhere(*args: Any, **kwargs: Any) -> Any:
        def work() -> Any:
            try:
                return original(*args, **kwargs)
            finally:
                connection.close()

        return pool.submit(work).result()

    return elsewhere


@bug("sequence")
def sequence() -> None:
    """Draw the numbers in a transaction of their own, as a sequence does."""
    replace(appending, "_lock_and_count", _on_another_connection)

    def in_steps(messages: Any, beside: Any = None) -> Any:
        return appending._append_in_steps(messages, None)

    instead(in_one_statement, "append", in_steps)


@bug("committed-apart")
def committed_apart() -> None:
    """Write the event on another connection, even when the row is rolled back."""
    replace(publish, "publish_many", _on_another_connection)


@changes("early-wake-up", "on_commit", transaction)
def early_wake_up(original: Any, action: Callable[[], None], *given: Any, **named: Any) -> None:
    action()


@changes("no-key", "append", log)
def no_key(original: Any, messages: Any, *, idempotency_key: str | None = None, **more: Any) -> Any:
    """Ignore idempotency keys."""
    return original(messages, **more)


@changes("half-a-batch", "append", log)
def half_a_batch(original: Any, messages: Any, **more: Any) -> Any:
    """Do not store the last event of a batch."""
    kept = messages[:-1] if len(messages) > 5 else messages
    return original(kept, **more)


@changes("wrong-stream", "append", log, counts=True)
def wrong_stream(
    original: Any, count: int, messages: Any, *, idempotency_key: str | None = None, **more: Any
) -> Any:
    """Now and then put a user's event into the stream of another."""
    (name, payload), *rest = messages
    if idempotency_key is None and count % 10 == 0 and name != "announcements":
        messages = [("user:2" if name == "user:1" else "user:1", payload), *rest]
    return original(messages, idempotency_key=idempotency_key, **more)


@bug("failover-unseen")
def failover_unseen() -> None:
    """Take any database for the one that was there before."""
    instead(failover, "judge", lambda *seen: "")


@changes("floor", "_trim_some", trimming)
def floor(original: Any, ids: Any, before: Any, keep: Any) -> Any:
    """Trim without moving the floor."""
    with transaction.atomic():
        old = dict(Stream.objects.filter(pk__in=ids).values_list("pk", "floor"))
        found = original(ids, before, keep)
        for pk in found:
            Stream.objects.filter(pk=pk).update(floor=old[pk])
    return found
