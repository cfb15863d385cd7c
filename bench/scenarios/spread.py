"""Measure how evenly sockets spread over the workers of one server."""

from __future__ import annotations

import json
from collections.abc import Iterator

from bench.contender import Bench
from bench.goals import Goal
from bench.load import Load
from bench.opening import Entry
from bench.peers.hoardrun import GREETED, PATH, installation
from bench.results import Sample
from bench.scenario import Column, Part, Scenario
from tests.services import environment
from tests.services.ports import wait_until
from tests.services.server import Server

NAME = "hoardrun"
WORKERS = 4
SOCKETS = 2000
# Sockets under way at once: many, or each after the one before it has been greeted.
ARRIVALS = {"spread, storm": 200, "spread, slow": 1}


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Open sockets in both ways, and ask the workers how many each has."""
    sockets = SOCKETS // 4 if bench.quick else SOCKETS
    for case, window in ARRIVALS.items():
        made = installation(bench, sockets)
        env = {**made.env, **environment.unlimited()}
        with (
            Server(env=env, workers=WORKERS, migrate=False) as server,
            Load(bench.new_folder("load")) as load,
        ):
            _connections(server, 0)
            opened = load.open(Entry(server.port, [PATH], made.tokens, [GREETED], window), sockets)
            found = _connections(server, sockets)
            bench.progress(f"  {case}: {found}, open after {opened['seconds']:.1f} s")
            ratio = max(found) * WORKERS / sockets
            figures = {"ratio": ratio, "most": max(found), "least": min(found)}
            load.begin()
            yield Sample(case, NAME, number, figures, load.finish(0, settle=0).problems())


def _connections(server: Server, sockets: int) -> list[int]:
    """Wait until the workers have reported all sockets; return those of each."""
    found: list[int] = []

    def is_whole() -> bool:
        nodes = json.loads(server.manage("stats", "--json"))["nodes"]
        found[:] = [node["connections"] for node in nodes]
        return len(found) == WORKERS and sum(found) == sockets

    wait_until(is_whole, seconds=30, what="the workers report all sockets")
    return found


SCENARIO = Scenario(
    name="spread",
    summary="how evenly 2,000 sockets spread over four workers",
    parts=[Part(NAME, measure)],
    columns=[
        Column("ratio", "most to mean", 2),
        Column("most", "most", 0),
        Column("least", "least", 0),
    ],
    goals=[
        Goal(
            f"sockets of the busiest of four workers to the mean, {case}",
            "ratio",
            (case, NAME),
            1.2,
        )
        for case in ARRIVALS
    ],
    notes=["In a storm 200 handshakes are under way at once; slowly, one comes after the other."],
)
