"""Ladders that are due: nine in ten of them are closed by what a phone has acknowledged."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import msgspec
from django.contrib.auth import get_user_model

from bench.peers.centre.rows import FIRST, insert, run
from notifications import kinds
from notifications.delivery import judge
from notifications.kinds import Reach, Rung
from notifications.models import Address, Delivery, Escalation, Notification
from realtime import log
from realtime.log import CursorMove
from realtime.models import Cursor, Departure, Event, Stream
from realtime.streams import user_stream

KIND = "payment.benchmark_due"
EPOCH = "benchmark"


class Nothing(msgspec.Struct, frozen=True):
    """The values of texts that have none."""


def register() -> None:
    """Declare the kind of the ladders, which asks whether a device has the event."""
    kinds.register(
        kinds.Kind(
            name=KIND,
            title="Benchmark",
            type="payment",
            category="payment",
            variables=Nothing,
            samples=(Nothing(),),
            ladder=(
                Rung(channel="push", after=timedelta(seconds=10), unless=Reach.ON_DEVICE),
                Rung(channel="sms", after=timedelta(minutes=3), unless=Reach.ON_DEVICE),
            ),
        )
    )


def fill(*, count: int, acked: int) -> dict[str, Any]:
    """Make users with a notification each, its event, its ladder, and a phone number.

    The first `acked` of each ten have a phone that has acknowledged the event.
    """
    for model in (Delivery, Escalation, Address, Cursor, Departure):
        run(f"DELETE FROM {model._meta.db_table}")
    run(f"DELETE FROM {Notification._meta.db_table} WHERE id >= {FIRST}")
    run(f"DELETE FROM {Event._meta.db_table}")
    run(f"DELETE FROM {Stream._meta.db_table} WHERE id >= {FIRST}")
    run(f"DELETE FROM {get_user_model()._meta.db_table} WHERE id >= {FIRST}")
    has_it = f"n %% 10 < {acked}"
    insert(get_user_model(), count, id="n", username="'bench-' || n", is_active="true")
    insert(Stream, count, id="n", name="'user:' || n", epoch=f"'{EPOCH}'", head="1")
    insert(Notification, count, id="n", user="n", title="'Benchmark'", message="'x'",
           type="'payment'", kind=f"'{KIND}'", context="'{}'", published_at="now()")  # fmt: skip
    insert(Escalation, count, notification="n", user="n", kind=f"'{KIND}'", policy_version="'p'",
           event_offset="1", epoch=f"'{EPOCH}'", committed_at="now() - interval '5 minutes'",
           due_at="now()")  # fmt: skip
    insert(Address, count, id="n", user="n", channel="'sms'", value="'+2567' || n",
           hash="'hash' || n", state="'verified'", verified_at="now()")  # fmt: skip
    offset = f"CASE WHEN {has_it} THEN 1 ELSE 0 END"
    insert(Cursor, count, user="n", device="'phone'", stream="n", epoch=f"'{EPOCH}'",
           acked=offset)  # fmt: skip
    insert(Departure, count, connection_id="'c' || n", user="n", device="'phone'",
           device_class="'phone'", code="1000")  # fmt: skip
    run("ANALYZE")
    tell_rows()
    return {}


def tell_rows() -> None:
    """Let PostgreSQL count what this session has written, which it otherwise does later."""
    run("SELECT pg_stat_force_next_flush()")


def judge_all() -> dict[str, Any]:
    """Judge all that is due, as a worker does; answers with what it took."""
    began, since, total = time.process_time(), time.monotonic(), 0
    while done := judge.judge_due():
        total += done
    spent = {"cpu": time.process_time() - began, "wall": time.monotonic() - since}
    closed = Escalation.objects.filter(closed_at__isnull=False, reason="reached").count()
    return {**spent, "judged": total, "closed": closed, "queued": Delivery.objects.count()}


def ack(*, count: int, offset: int) -> dict[str, Any]:
    """Store acknowledgements of as many users, as the hub does; answers with what it took."""
    moves = [
        CursorMove(FIRST + number, "phone", user_stream(FIRST + number), EPOCH, offset)
        for number in range(count)
    ]
    began = time.process_time()
    log.move_cursors(moves)
    cpu = time.process_time() - began
    tell_rows()
    return {"cpu": cpu}


def forget() -> dict[str, Any]:
    """Take the ladders away, and leave all else."""
    run(f"DELETE FROM {Escalation._meta.db_table}")
    run("ANALYZE")
    tell_rows()
    return {}
