"""One mailing to very many users, each with a ladder, and the memory of who sends it."""

from __future__ import annotations

import os
import time
from typing import Any

from django.contrib.auth import get_user_model

from bench import processes
from bench.peers.centre.ladders import KIND
from bench.peers.centre.rows import FIRST, insert, run
from notifications.models import Escalation, Mailing
from notifications.services import notifications_send
from realtime.layer import send

WARM_SHARE = 0.1  # of the users, after which memory must not grow any more


def fill(*, count: int) -> dict[str, Any]:
    """Make as many users."""
    users = get_user_model()._meta.db_table
    known = get_user_model()._default_manager.filter(pk__gte=FIRST).count()
    if known < count:
        first = FIRST + known
        insert(get_user_model(), count - known, first=first, id="n", username="'bench-' || n",
               is_active="true")  # fmt: skip
    run(f"DELETE FROM {Escalation._meta.db_table}")
    run(f"ANALYZE {users}")
    return {}


def send_to_all(*, count: int) -> dict[str, Any]:
    """Send it; answers with its cost, and with the memory after a tenth and at its end."""
    memory: dict[str, float] = {}

    def watch(mailing: Mailing) -> None:
        now = processes.memory_kib(os.getpid(), "Rss") / 1024
        if mailing.done <= count * WARM_SHARE:
            memory["warm"] = now
        memory["most"] = max(now, memory.get("most", now))

    began, since = time.process_time(), time.monotonic()
    notifications_send(
        key=f"benchmark {time.monotonic_ns()}",
        title="Benchmark",
        message="x" * 100,
        kind=KIND,
        user_ids=range(FIRST, FIRST + count),
        progress=watch,
    )
    send.sender.flush(60)
    spent = {"cpu": time.process_time() - began, "wall": time.monotonic() - since}
    return {**spent, "ladders": Escalation.objects.count(), **memory}
