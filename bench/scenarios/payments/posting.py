"""What the journal costs: settlements with their posting, and the same without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.contender import Bench
from bench.goals import Goal
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample
from bench.scenario import Column, Part
from bench.turns import in_turns

CASE, WITHOUT, WITH = "a settlement", "without a posting", "with its posting"
CONTENDERS = {False: WITHOUT, True: WITH}
USERS = 100


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Settle payments of both kinds in turns."""
    with Hoardrun().started(bench, USERS) as running:

        def options(is_posted: bool, count: int) -> Mapping[str, Any]:
            made = running.ask("payments", users=USERS, count=count)["payments"]
            return {"payments": made, "is_posted": is_posted}

        yield from in_turns(bench, number, running, CASE, CONTENDERS, "settle", options)


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
