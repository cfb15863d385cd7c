"""The inbox of somebody who reads nothing: its counts, a page of it, and its summary."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model

from bench.peers.centre.rows import FIRST, insert, run
from notifications import selectors
from notifications.models import Notification

USERS = 2  # whose rows lie in turns, as those of many do
PAGE = 50


def fill(*, unread: int) -> dict[str, Any]:
    """Give each of USERS as many unread notifications, of which half are not seen."""
    table = Notification._meta.db_table
    run(f"DELETE FROM {table} WHERE id >= {FIRST}")
    run(f"DELETE FROM {get_user_model()._meta.db_table} WHERE id >= {FIRST}")
    insert(get_user_model(), USERS, id="n", username="'bench-' || n", is_active="true")
    insert(Notification, unread * USERS, id="n", user=f"{FIRST} + n %% {USERS}",
           title="'Benchmark'", message="repeat('x', 100)", type="'payment'",
           published_at="now()",
           seen_at=f"CASE WHEN n / {USERS} %% 2 = 0 THEN now() END")  # fmt: skip
    run(f"VACUUM ANALYZE {table}")  # as PostgreSQL does by itself, somewhat later
    return {}


def ask(*, times: int) -> dict[str, Any]:
    """Ask for each thing in turns; answers with the waits of each in milliseconds."""
    asked: dict[str, Callable[[], object]] = {
        "counts": lambda: selectors.notification_counts([FIRST]),
        "page": lambda: selectors.notifications_newest.rows(FIRST, limit=PAGE, unread_only=True),
        "summary": lambda: selectors.notification_summary(user_id=FIRST),
    }
    waits: dict[str, list[float]] = {name: [] for name in asked}
    order = random.Random(1)
    for _ in range(times):
        for name in order.sample(sorted(asked), len(asked)):
            began = time.perf_counter()
            asked[name]()
            waits[name].append((time.perf_counter() - began) * 1000)
    return {"waits": waits, "unread": selectors.notification_counts([FIRST])[FIRST].unread}
