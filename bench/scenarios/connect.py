"""A storm of connects: all clients come back at once and resume."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial

import psycopg

from bench.contender import Bench
from bench.goals import Goal, against
from bench.load import Load
from bench.peers.channels import StockChannels
from bench.peers.hoardrun import PATH, Hoardrun, installation
from bench.results import Sample
from bench.scenario import Column, Part, Scenario
from tests.services.plugin import run_postgres
from tests.services.statements import Statements

WINDOW = 500  # handshakes under way at once; stock Channels has a limit of its own
MISSED = 20  # events at most that a device has to be sent
ANYWAY_SECONDS = 10.0  # in which is counted what the server asks without a storm
STOCK = StockChannels("daphne", "pubsub")
NEW_DEVICES = "hoardrun-new-devices"


def _sockets(bench: Bench) -> int:
    return 300 if bench.quick else 2000


def _resumed(name: str, device: str, bench: Bench, number: int) -> Iterator[Sample]:
    """Connect phones; then `device` of each user, resuming, which is measured.

    In between each user's stream gets 0 to MISSED events: these must come, and no others.
    """
    sockets = _sockets(bench)
    url = installation(bench, sockets).env["DATABASE_URL"]
    with (
        closing(Statements(run_postgres(), url.rpartition("/")[2])) as statements,
        Hoardrun().started(bench, sockets) as running,
        Load(bench.new_folder("load")) as load,
    ):
        _clear_cursors(url)
        load.open(replace(running.entry, paths=[f"{PATH}?device=phone"]), sockets)
        load.close()
        entry = replace(running.entry, paths=_resuming(url, sockets, device), window=WINDOW)
        missed = [place % (MISSED + 1) for place in range(sockets)]
        running.ask("miss", counts=missed)
        before, began, spent = statements.count(), time.monotonic(), running.spent()
        opened = load.open(entry, sockets)
        received = load.finish(missed)
        time.sleep(1)  # the counts and other work after each login
        figures = running.spent().since(spent).figures("us", 1e6 / sockets)
        middle, ended = statements.count(), time.monotonic()
        time.sleep(ANYWAY_SECONDS)
        anyway = (statements.count() - middle) / (time.monotonic() - ended)
        queries = middle - before - anyway * (ended - began)
        figures |= {
            "rate": sockets / opened["seconds"],
            "missed": sum(missed) / sockets,
            "queries": queries,
            "queries_each_50": queries / sockets * 50,
        }
        yield Sample("connect", name, number, figures, received.problems())


def stock(bench: Bench, number: int) -> Iterator[Sample]:
    """Connect with a JWT, two groups joined: there is nothing to resume."""
    sockets = _sockets(bench)
    with STOCK.started(bench, sockets) as running, Load(bench.new_folder("load")) as load:
        load.open(running.entry, 20)
        load.close()
        spent = running.spent()
        opened = load.open(running.entry, sockets, seconds=300)
        received = load.finish(0)
        time.sleep(1)
        figures = running.spent().since(spent).figures("us", 1e6 / sockets)
        figures |= {"rate": sockets / opened["seconds"]}
        yield Sample("connect", STOCK.name, number, figures, received.problems())


def _clear_cursors(url: str) -> None:
    """Forget the devices of a round before."""
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM realtime_cursor")


def _resuming(url: str, sockets: int, device: str) -> list[str]:
    """Write the path by which each user goes on where the log stands now."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT name, epoch, head FROM realtime_stream").fetchall()
    streams = {name: (epoch, head) for name, epoch, head in rows}
    shared_epoch, shared_head = streams["announcements"]
    paths = []
    for user in range(1, sockets + 1):
        epoch, head = streams[f"user:{user}"]
        since = f"user:{user}:{head},announcements:{shared_head}"
        paths.append(f"{PATH}?device={device}&since={since}&epoch={epoch}.{shared_epoch}")
    return paths


SCENARIO = Scenario(
    name="connect",
    summary="2,000 users come back at once, with a JWT, a device and positions",
    parts=[
        Part(Hoardrun.name, partial(_resumed, Hoardrun.name, "phone")),
        # Each user resumes on a device that was never here before.
        Part(NEW_DEVICES, partial(_resumed, NEW_DEVICES, "laptop")),
        Part(STOCK.name, stock),
    ],
    columns=[
        Column("cpu_us", "CPU µs a connect", 0),
        Column("server_us", "server", 0),
        Column("postgres_us", "PostgreSQL", 0),
        Column("missed", "events missed"),
        Column("rate", "connects/s", 0),
        Column("queries", "queries", 0),
        Column("queries_each_50", "for 50 sockets", 2),
    ],
    goals=[
        against(STOCK.name, "CPU a connect", "connect", "cpu_us", 1.0),
        Goal("queries for 50 sockets", "queries_each_50", ("connect", "hoardrun"), 1.0),
    ],
    notes=[
        f"Each device of hoardrun has missed 0 to {MISSED} events of its user's stream, gets "
        "them within the CPU that is shown, and is checked to get these alone. Stock Channels "
        "has nothing to resume: what was missed is lost.",
        "The second line is the same storm of devices that were never here: where each begins is "
        "stored before it is greeted, which takes one more query a batch.",
        "Queries as PostgreSQL logs them during the storm, less what the server asks "
        "anyway in that time. Stock Channels checks the JWT, reads the user, joins two groups.",
    ],
)
