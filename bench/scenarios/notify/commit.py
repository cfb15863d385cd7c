"""Measure what a ladder costs at the commit of its notification."""

from __future__ import annotations

from collections.abc import Iterator

from bench.contender import Bench
from bench.goals import Goal
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample
from bench.scenario import Part

CASE, QUIET, LADDER = "a notification", "without a ladder", "with its ladder"
KINDS = {"quiet": QUIET, "ladder": LADDER}
TURNS = 20


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Create notifications of two kinds in turns, so that other work falls on both alike."""
    count = 20 if bench.quick else 100  # notifications a turn
    process, postgres, wall = (dict.fromkeys(KINDS, 0.0) for _ in range(3))
    with Hoardrun().started(bench, 100) as running:
        for kind in KINDS:
            running.ask("notify", kind=kind, count=100)  # connections and code get warm
        for _ in range(TURNS):
            for kind in KINDS:
                before = running.postgres_cpu()
                took = running.ask("notify", kind=kind, count=count)
                process[kind] += took["cpu"]
                wall[kind] += took["wall"]
                postgres[kind] += running.postgres_cpu() - before
    each = 1e6 / (TURNS * count)
    for kind, contender in KINDS.items():
        figures = {
            "cpu_us": process[kind] * each,
            "postgres_us": postgres[kind] * each,
            "both_us": (process[kind] + postgres[kind]) * each,
            "wall_us": wall[kind] * each,
        }
        yield Sample(CASE, contender, number, figures)


def _ratio(text: str, figure: str) -> Goal:
    text = f"{text} of `notification_create`, with a ladder to without"
    return Goal(text, figure, (CASE, LADDER), 1.15, (CASE, QUIET))


PART = Part(Hoardrun.name, measure)
COLUMNS = ()
GOALS = (_ratio("CPU", "both_us"), _ratio("time", "wall_us"))
NOTES = ("The CPU of the process that creates, and of PostgreSQL, which commits to disk.",)
