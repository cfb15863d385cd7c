"""What the journal costs: settlements with their posting, and the same without."""

from __future__ import annotations

from collections.abc import Iterator

from bench.contender import Bench
from bench.goals import Goal
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample
from bench.scenario import Column, Part

CASE, WITHOUT, WITH = "a settlement", "without a posting", "with its posting"
CONTENDERS = {False: WITHOUT, True: WITH}
USERS = 100
TURNS = 20


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Settle payments of both kinds in turns, so that other work falls on both alike."""
    count = 20 if bench.quick else 100  # settlements a turn
    process, postgres, wall = (dict.fromkeys(CONTENDERS, 0.0) for _ in range(3))
    with Hoardrun().started(bench, USERS) as running:
        for turn in range(-1, TURNS):  # the first one gets connections and code warm
            for is_posted in CONTENDERS:
                made = running.ask("payments", users=USERS, count=count)["payments"]
                before = running.postgres_cpu()
                took = running.ask("settle", payments=made, is_posted=is_posted)
                if turn >= 0:
                    process[is_posted] += took["cpu"]
                    wall[is_posted] += took["wall"]
                    postgres[is_posted] += running.postgres_cpu() - before
    each = 1e6 / (TURNS * count)
    for is_posted, contender in CONTENDERS.items():
        figures = {
            "cpu_us": process[is_posted] * each,
            "postgres_us": postgres[is_posted] * each,
            "both_us": (process[is_posted] + postgres[is_posted]) * each,
            "wall_us": wall[is_posted] * each,
        }
        yield Sample(CASE, contender, number, figures)


def _goal(text: str, figure: str) -> Goal:
    text = f"{text} of a settlement, with its posting to without"
    return Goal(text, figure, (CASE, WITH), 1.15, (CASE, WITHOUT))


PART = Part("posting", measure)
COLUMNS = (
    Column("cpu_us", "CPU µs each", 0),
    Column("postgres_us", "PostgreSQL", 0),
    Column("both_us", "both", 0),
    Column("wall_us", "time µs", 0),
)
GOALS = (_goal("CPU", "both_us"), _goal("time", "wall_us"))
NOTES = (
    "A settlement completes a payment under way: balances, events, the notification and its counts "
    "are part of both. The CPU of the process that settles, and of PostgreSQL, which commits to "
    "disk.",
)
