"""The page "why did she not get it", in a database of very many deliveries."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection

from bench.peers.centre.ladders import EPOCH
from bench.peers.centre.rows import FIRST, insert, run
from notifications.models import Attempt, Delivery, Escalation, Notification, Receipt
from notifications.trace.loading import load
from notifications.trace.timeline import timeline
from realtime.models import Stream

A_USER = 100  # deliveries
A_NOTIFICATION = 2
ASKED = 1000  # notifications that have all their rows, of which some are asked for


def fill(*, deliveries: int) -> dict[str, Any]:
    """Make as many deliveries, and all other rows for ASKED of their notifications."""
    users, notices = max(deliveries // A_USER, 1), deliveries // A_NOTIFICATION
    run("SET synchronous_commit = off")
    for model in (Receipt, Delivery, Escalation):
        run(f"TRUNCATE {model._meta.db_table} CASCADE")
    run(f"DELETE FROM {Notification._meta.db_table} WHERE id >= {FIRST}")
    run(f"DELETE FROM {Stream._meta.db_table} WHERE id >= {FIRST}")
    run(f"DELETE FROM {get_user_model()._meta.db_table} WHERE id >= {FIRST}")
    insert(get_user_model(), users, id="n", username="'bench-' || n", is_active="true")
    whose = f"{FIRST} + ({{}} - {FIRST}) %% {users}"
    notice = f"{FIRST} + (n - {FIRST}) / {A_NOTIFICATION}"
    own = whose.format("n")
    began = time.monotonic()
    with _without_indexes(Delivery._meta.db_table):
        insert(Delivery, deliveries, id="n", notification=notice, user=whose.format(f"({notice})"),
               kind="'system.general'", category="'system'",
               channel=f"CASE n %% {A_NOTIFICATION} WHEN 0 THEN 'push' ELSE 'email' END",
               address_hash="'hash' || n", rung=f"n %% {A_NOTIFICATION}", state="'delivered'",
               decided_by="'due'", policy_version="'p'", provider="'benchmark'",
               provider_id="'id' || n", accepted_at="now()", delivered_at="now()")  # fmt: skip
    count = min(ASKED, notices)
    insert(Stream, min(count, users), id="n", name="'user:' || n", epoch=f"'{EPOCH}'", head="1")
    insert(Notification, count, id="n", user=own, title="'Benchmark'", message="'x'",
           type="'system'", kind="'system.general'", published_at="now()")  # fmt: skip
    insert(Escalation, count, notification="n", user=own, kind="'system.general'",
           policy_version="'p'", event_offset="1", epoch=f"'{EPOCH}'", closed_at="now()",
           reason="'reached'")  # fmt: skip
    of_one = count * A_NOTIFICATION
    insert(Attempt, of_one, delivery="n", lease="1", provider="'benchmark'", worker="'w'",
           outcome="'accepted'")  # fmt: skip
    insert(Receipt, of_one, provider="'benchmark'", event_key="'k' || n", delivery="n",
           fact="'delivered'")  # fmt: skip
    run("ANALYZE")
    return {"seconds": time.monotonic() - began}


def ask(*, times: int) -> dict[str, Any]:
    """Ask for some of the notifications; answers with the waits in milliseconds, and the CPU."""
    chosen = random.Random(1)
    known = Escalation.objects.count()
    waits = []
    cpu = time.process_time()
    for _ in range(times):
        number = FIRST + chosen.randrange(known)
        began = time.perf_counter()
        found = timeline(load(number))
        waits.append((time.perf_counter() - began) * 1000)
        assert found.notification_id, "it says which one it is"
    return {"waits": waits, "cpu": time.process_time() - cpu}


@contextmanager
def _without_indexes(table: str) -> Iterator[None]:
    """Make the indexes of a table anew after it is filled, which is much quicker."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s "
            "AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            [table],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
    yield
    for _, definition in indexes:
        run(definition.replace("%", "%%"))
