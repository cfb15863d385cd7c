"""One client sends without end: the effect on the others."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.broadcast import Case, publish
from bench.contender import Bench, Running
from bench.goals import Goal
from bench.load import Load
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample
from bench.scenario import LATENCIES, Column, Part, Scenario
from tests.services.process import Process

RATE = 50
FRAMES_A_SECOND = 10_000
ROUNDS = 3  # of each case in turn, so that a drift of the machine meets both


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Announce at a steady rate, without a flood and with one, in turns."""
    sockets, count = (100, 100) if bench.quick else (500, 250)
    contender = Hoardrun()
    with contender.started(bench, sockets + 1) as running, Load(bench.new_folder("load")) as load:
        load.open(running.entry, sockets)
        publish(bench, running, load, Case("warm-up", 100, RATE))
        for turn in range(1 if bench.quick else ROUNDS):
            for case in ("quiet", "one floods"):
                if case == "quiet":
                    figures, problems = publish(bench, running, load, Case(case, count, RATE))
                else:
                    with _flood(running, sockets, bench.new_folder("flood")):
                        figures, problems = publish(bench, running, load, Case(case, count, RATE))
                yield Sample(case, contender.name, number * ROUNDS + turn, figures, problems)


@contextmanager
def _flood(running: Running, place: int, folder: Path) -> Iterator[None]:
    entry = running.entry
    address = [str(entry.port), entry.paths[0], str(FRAMES_A_SECOND)]
    flooder = Process(
        [sys.executable, "-m", "bench.flooder", *address],
        log=folder / "flooder.log",
        env=os.environ | {"TOKEN": entry.tokens[place]},
    )
    try:
        yield
        if flooder.exit_code is not None:
            raise RuntimeError(f"the flood ended by itself:\n{flooder.tail()}")
    finally:
        flooder.kill()


SCENARIO = Scenario(
    name="flood",
    summary="one client among 500 sends 10,000 frames a second and comes back",
    parts=[Part(Hoardrun.name, measure)],
    columns=[
        *LATENCIES,
        Column("server_us", "server µs a delivery"),
    ],
    goals=[
        Goal("p99 of the others, with a flood to without",
             "p99_ms", ("one floods", "hoardrun"), 1.2, ("quiet", "hoardrun")),
    ],
    notes=[
        "The flood is one client of the same machine, which takes a share of its two cores too."
    ],
)  # fmt: skip
