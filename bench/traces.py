"""Time traces of events and of users among millions of events.

    python -m bench.traces --events 10000000 --store postgres

It makes an empty database of its own, fills it by SQL, traces events and users of all parts of it
in this process, and prints the median and the slowest in milliseconds. Every user has 100 events,
10 sockets that have closed and 2 devices; a few have 5,000 closed sockets. No node is asked: that
takes what the network does. SQLite's file is made in a temporary folder. `--url` names a database
that was filled before, and `--fill` ends after that.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from bench.admin_lists import NUMBERS
from tests.services.plugin import run_postgres, stop_stores

EVENTS_EACH = 100
SOCKETS_EACH = 10
MANY = 5_000  # closed sockets of each of the users 1 to 5
ROUNDS = 200
CURSOR = "INSERT INTO realtime_cursor (user_id, stream_id, device, epoch, acked, device_class, "
FILL = (
    # What it makes, and for how many users, events or sockets.
    (
        "users",
        "INSERT INTO auth_user (id, username, email, password, first_name, last_name, is_staff, "
        "is_superuser, is_active, date_joined) {} SELECT i, 'user-' || i, '', '', '', '', false, "
        "false, true, {moment} FROM n",
    ),
    (
        "users",
        "INSERT INTO realtime_stream (id, name, epoch, head, floor, created_at) {} SELECT i, "
        "'user:' || i, 'e', {each}, 0, {moment} FROM n",
    ),
    (
        "events",
        'INSERT INTO realtime_event (stream_id, "offset", type, filter_type, payload, reached, '
        "created_at) {} SELECT 1 + (i - 1) % {users}, 1 + (i - 1) / {users}, 'balance_updated', "
        "'balance', {text}, 0, {moment} FROM n",
    ),
    (
        "sockets",
        "INSERT INTO realtime_departure (connection_id, user_id, device, device_class, code, "
        "opened_at, closed_at, written, acked, node, queued, notes) {} SELECT 'c' || i, "
        "CASE WHEN i <= 5 * {many} THEN 1 + i % 5 ELSE 1 + i % {users} END, "
        "CASE WHEN i % 2 = 0 THEN 'phone' ELSE 'desk' END, 'phone', 1001, {moment}, {moment}, "
        "'{{\"user:1\": 50}}', '{{}}', 'n' || i % 20, 0, '[]' FROM n",
    ),
    ("users", CURSOR + "updated_at) {} SELECT i, i, 'phone', 'e', 60, 'phone', {moment} FROM n"),
    ("users", CURSOR + "updated_at) {} SELECT i, i, 'desk', 'e', {each}, '', {moment} FROM n"),
    (
        "users",
        "INSERT INTO realtime_delay (node, kind, stream, first, last, began_at, ended_at) {} "
        "SELECT 'n' || i % 20, 'lost', 'user:' || i, 50, 51, {moment}, {moment} FROM n",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--url", help="Of a database that was filled before.")
    parser.add_argument("--fill", action="store_true", help="Fill the database of --url, and end.")
    options = parser.parse_args()
    with ExitStack() as ending:
        url = options.url
        if url is None and options.store == "postgres":
            ending.callback(stop_stores)
            url = run_postgres().database("traces")
        elif url is None:
            url = f"sqlite:///{ending.enter_context(tempfile.TemporaryDirectory())}/db.sqlite3"
        os.environ |= {
            "DATABASE_URL": url,
            "DEBUG": "1",
            "DJANGO_SETTINGS_MODULE": "hoardrun.settings",
            "DATABASE_LOCK_TIMEOUT_SECONDS": "0",
        }
        import django

        django.setup()
        if options.url is None or options.fill:
            fill(options.events)
        if not options.fill:
            measure(options.events)


def fill(events: int) -> None:
    """Make the tables, and the rows of so many events."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    users = events // EVENTS_EACH
    counts = {"users": users, "events": events, "sockets": users * SOCKETS_EACH + 5 * MANY}
    is_postgres = connection.vendor == "postgresql"
    # All within the last day, as retention keeps weeks at most.
    moment = (
        "statement_timestamp() - i % 86400 * interval '1 second'"
        if is_postgres
        else "strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || (i % 86400) || ' seconds')"
    )
    text = "repeat('x', 250)" if is_postgres else "replace(hex(zeroblob(125)), '00', 'xx')"
    with connection.cursor() as cursor:
        cursor.execute(
            "SET session_replication_role = replica" if is_postgres else "PRAGMA synchronous = OFF"
        )
        for what, statement in FILL:
            numbers = NUMBERS[connection.vendor].format(counts[what])
            cursor.execute(
                statement.format(
                    numbers, users=users, each=EVENTS_EACH, many=MANY, moment=moment, text=text
                )
            )
        cursor.execute("ANALYZE")


def measure(events: int) -> None:
    """Trace, and print how long it took."""
    from django.db import connection

    from realtime.models import Departure, Event
    from realtime.trace.services import trace_event, trace_user

    users = events // EVENTS_EACH
    print(
        f"{events:,} events, {users:,} users, {Departure.objects.count():,} closed sockets, "
        f"{connection.vendor}"
    )

    def user(number: int) -> int:
        return 6 + number * 7919 % (users - 6)

    def by_id(number: int) -> Any:
        row = Event.objects.select_related("stream").get(pk=1 + number * 7919 % events)
        return trace_event(row.stream.name, row.offset)

    cases: dict[str, Callable[[int], Any]] = {
        "an event": lambda n: trace_event(f"user:{user(n)}", 1 + n % EVENTS_EACH),
        "an event, by its id": by_id,
        "an event of a user with 5,000 sockets": lambda n: trace_event(
            f"user:{1 + n % 5}", 1 + n % EVENTS_EACH
        ),
        "a user": lambda n: trace_user(user(n)),
        "a user with 5,000 sockets": lambda n: trace_user(1 + n % 5),
    }
    for name, trace in cases.items():
        times = []
        for number in range(ROUNDS):
            began = time.perf_counter()
            trace(number)
            times.append((time.perf_counter() - began) * 1000)
        slowest = f"the slowest of {ROUNDS} {max(times):.1f} ms"
        print(f"{name:<40}{statistics.median(times):>8.1f} ms, {slowest}", flush=True)


if __name__ == "__main__":
    main()
