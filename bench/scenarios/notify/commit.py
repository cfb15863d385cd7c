"""Measure what a ladder costs at the commit of its notification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.contender import Bench
from bench.goals import Goal
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample
from bench.scenario import Part
from bench.turns import in_turns

CASE, QUIET, LADDER = "a notification", "without a ladder", "with its ladder"
KINDS = {"quiet": QUIET, "ladder": LADDER}


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Create notifications of two kinds in turns."""

    def options(kind: str, count: int) -> Mapping[str, Any]:
        return {"kind": kind, "count": count}

    with Hoardrun().started(bench, 100) as running:
        yield from in_turns(bench, number, running, CASE, KINDS, "notify", options)


def _ratio(text: str, figure: str) -> Goal:
    text = f"{text} of `notification_create`, with a ladder to without"
    return Goal(text, figure, (CASE, LADDER), 1.15, (CASE, QUIET))


PART = Part(Hoardrun.name, measure)
COLUMNS = ()
GOALS = (_ratio("CPU", "both_us"), _ratio("time", "wall_us"))
NOTES = ("The CPU of the process that creates, and of PostgreSQL, which commits to disk.",)
