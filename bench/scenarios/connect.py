"""A storm of connects: everybody comes back at once and resumes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import psycopg

from bench.contender import Bench
from bench.goals import Goal, Side
from bench.load import Load
from bench.peers.channels import StockChannels
from bench.peers.hoardrun import PATH, Hoardrun, installation
from bench.results import Sample
from bench.scenario import Column, Part, Scenario

WINDOW = 500  # handshakes under way at once; stock Channels has a limit of its own
ANYWAY_SECONDS = 10.0  # in which is counted what the server asks without a storm
STOCK = StockChannels("daphne", "pubsub")


def _sockets(bench: Bench) -> int:
    return 300 if bench.quick else 2000


def hoardrun(bench: Bench, number: int) -> Iterator[Sample]:
    """Connect once, so that all streams exist; then again, resuming, which is measured."""
    sockets = _sockets(bench)
    contender = Hoardrun()
    with contender.started(bench, sockets) as running, Load(bench.new_folder("load")) as load:
        url = installation(bench, sockets).env["DATABASE_URL"]
        load.open(running.entry, sockets)
        load.close()
        entry = replace(running.entry, paths=_resuming(url, sockets), window=WINDOW)
        with bench.stores.statements() as count:
            before, began, cpu = count(), time.monotonic(), running.cpu()
            opened = load.open(entry, sockets)
            time.sleep(1)  # what a login sets off, such as counts
            cpu = running.cpu() - cpu
            middle, ended = count(), time.monotonic()
            time.sleep(ANYWAY_SECONDS)
            anyway = (count() - middle) / (time.monotonic() - ended)
            queries = middle - before - anyway * (ended - began)
        figures = {
            "cpu_us": cpu / sockets * 1e6,
            "rate": sockets / opened["seconds"],
            "queries": queries,
            "queries_each_50": queries / sockets * 50,
        }
        yield Sample("connect", contender.name, number, figures, _lost(load))


def stock(bench: Bench, number: int) -> Iterator[Sample]:
    """Connect with a JWT, two groups joined: there is nothing to resume."""
    sockets = _sockets(bench)
    with STOCK.started(bench, sockets) as running, Load(bench.new_folder("load")) as load:
        load.open(running.entry, 20)
        load.close()
        cpu = running.cpu()
        opened = load.open(running.entry, sockets, seconds=300)
        time.sleep(1)
        cpu = running.cpu() - cpu
        figures = {"cpu_us": cpu / sockets * 1e6, "rate": sockets / opened["seconds"]}
        yield Sample("connect", STOCK.name, number, figures, _lost(load))


def _lost(load: Load) -> list[str]:
    load.begin()
    return load.finish(0, settle=0).problems()


def _resuming(url: str, sockets: int) -> list[str]:
    """Write the path by which each user goes on where the log stands now."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT name, epoch, head FROM realtime_stream").fetchall()
    streams = {name: (epoch, head) for name, epoch, head in rows}
    shared_epoch, shared_head = streams["announcements"]
    paths = []
    for user in range(1, sockets + 1):
        epoch, head = streams[f"user:{user}"]
        since = f"user:{user}:{head},announcements:{shared_head}"
        paths.append(f"{PATH}?device=phone&since={since}&epoch={epoch}.{shared_epoch}")
    return paths


def _parts(bench: Bench) -> Sequence[Part]:
    return [Part(Hoardrun.name, hoardrun), Part(STOCK.name, stock)]


SCENARIO = Scenario(
    name="connect",
    summary="2,000 users come back at once, with a JWT, a device and positions",
    parts=_parts,
    columns=[
        Column("cpu_us", "CPU µs a connect", 0),
        Column("rate", "connects/s", 0),
        Column("queries", "queries", 0),
        Column("queries_each_50", "for 50 sockets", 2),
    ],
    goals=[
        Goal(f"CPU a connect, hoardrun to {STOCK.name}", Side("connect", "hoardrun", "cpu_us"),
             1.0, Side("connect", STOCK.name, "cpu_us")),
        Goal("queries for 50 sockets", Side("connect", "hoardrun", "queries_each_50"), 1.0),
    ],
    notes=[
        "Queries as PostgreSQL logs them during the storm, less what the server asks "
        "anyway in that time. Stock Channels checks the JWT, reads the user, joins two groups."
    ],
)  # fmt: skip
