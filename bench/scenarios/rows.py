"""The rows that PostgreSQL reads for idle sockets: users are connected, and get no event."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial

from bench import rows
from bench.contender import Bench
from bench.goals import Goal
from bench.load import Load
from bench.opening import Entry
from bench.peers.hoardrun import GREETED, PATH, installation
from bench.results import Sample
from bench.scenario import Column, Part, Scenario
from tests.services.server import Server

SETTLE_SECONDS = 10.0  # after the last login: reports of new sockets, counts
WATCHED_SECONDS = 60.0
RETENTION = "from realtime.cluster import retention as r; r.apply(); print(r.EVERY_SECONDS)"
GOAL = 200  # rows a second of 20,000 sockets on four nodes
# By table, shown each; what is left is `rest`.
TABLES = {
    "stream": "realtime_stream",
    "user": "auth_user",
    "session": "realtime_endedsession",
    "connection": "realtime_connection",
    "node": "realtime_node",
}


def measure(name: str, sockets: int, nodes: int, bench: Bench, number: int) -> Iterator[Sample]:
    """Open sockets of a user each, evenly over nodes, and watch while nothing happens."""
    sockets = sockets // 10 if bench.quick else sockets
    watched = WATCHED_SECONDS / 4 if bench.quick else WATCHED_SECONDS
    made = installation(bench, sockets)
    url = made.env["DATABASE_URL"]
    rows.analyze(url)  # without it a scan of all users is planned where their keys would do
    with ExitStack() as ending:
        servers = [
            ending.enter_context(Server("serve", env=made.env, migrate=False)) for _ in range(nodes)
        ]
        for place, server in enumerate(servers):
            load = ending.enter_context(Load(bench.new_folder("load")))
            ending.enter_context(closing(load))
            tokens = made.tokens[place * sockets // nodes : (place + 1) * sockets // nodes]
            load.open(Entry(server.port, [PATH], tokens, [GREETED]), len(tokens), seconds=300)
        bench.progress(f"  {sockets} sockets open on {nodes} nodes")
        time.sleep(SETTLE_SECONDS)
        cpu, before, began = bench.stores.postgres_cpu(), rows.look(url), time.monotonic()
        time.sleep(watched)
        found, seconds = rows.look(url).since(before), time.monotonic() - began
        cpu = bench.stores.postgres_cpu() - cpu
        ending.close()  # reads of the nodes do not belong to retention
        retained = _retention(url, servers[0])
        figures = {key: found.read[table] / seconds for key, table in TABLES.items()}
        figures |= {
            "rest": found.read.total() / seconds - sum(figures.values()),
            "rows": found.read.total() / seconds + retained,
            "retention": retained,
            "written": found.written.total() / seconds,
            "postgres_ms": cpu / seconds * 1000,
        }
        yield Sample("rows", name, number, figures)


def _part(sockets: int, nodes: int, *, is_large: bool = False) -> Part:
    name = f"{sockets:,} on {nodes}"
    return Part(name, partial(measure, name, sockets, nodes), is_large=is_large)


def _retention(url: str, server: Server) -> float:
    """Return the rows a second that retention reads, which one node does every ten minutes."""
    before = rows.look_at_rest(url)
    server.shell("pass")
    between = rows.look_at_rest(url)
    every = float(server.shell(RETENTION))
    of_a_shell = between.since(before).read.total()
    return (rows.look_at_rest(url).since(between).read.total() - of_a_shell) / every


SCENARIO = Scenario(
    name="rows",
    summary="rows that PostgreSQL reads for sockets that are logged in and silent",
    parts=[_part(4000, 1), _part(4000, 4), _part(20_000, 4, is_large=True)],
    columns=[
        Column("rows", "rows read a second", 0),
        *(Column(key, table.partition("_")[2], 0) for key, table in TABLES.items()),
        Column("rest", "other tables"),
        Column("retention", "retention", 0),
        Column("written", "rows written a second"),
        Column("postgres_ms", "CPU ms a second"),
    ],
    goals=[Goal("rows a second, 20,000 on 4", "rows", ("rows", "20,000 on 4"), GOAL)],
    notes=[
        f"As `pg_stat_user_tables` counts them: live rows that scans and indexes fetched in "
        f"{WATCHED_SECONDS:.0f} s, by table. Each socket is a user of its own, and follows that "
        "user's stream and the announcements; nothing is published.",
        "Retention runs every ten minutes: what one run reads, spread over that time.",
    ],
    rounds=1,
)
