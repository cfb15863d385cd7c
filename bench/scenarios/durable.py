"""The cost of publishing in the transaction that saves a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.contender import Bench
from bench.goals import Goal
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample
from bench.scenario import Column, Part, Scenario
from bench.turns import in_turns

ALONE, PUBLISHED = "the row alone", "row, event and wake-up"
KINDS = {"alone": ALONE, "published": PUBLISHED}


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Save notifications with and without their events, in one process, in turns."""

    def options(kind: str, count: int) -> Mapping[str, Any]:
        return {"kind": kind, "count": count}

    with Hoardrun().started(bench, 100) as running:
        yield from in_turns(bench, number, running, "durable", KINDS, "durable", options)


def _ratio(text: str, figure: str) -> Goal:
    text = f"CPU of {text}, with the event to without"
    return Goal(text, figure, ("durable", PUBLISHED), 2.0, ("durable", ALONE))


SCENARIO = Scenario(
    name="durable",
    summary="a notification with its event, against its row alone",
    parts=[Part(Hoardrun.name, measure)],
    columns=[
        Column("cpu_us", "CPU µs a transaction", 0),
        Column("postgres_us", "PostgreSQL", 0),
        Column("both_us", "both", 0),
    ],
    goals=[
        _ratio("the publishing process", "cpu_us"),
        _ratio("that and PostgreSQL", "both_us"),
    ],
    notes=[
        "CPU of the process that saves, and of PostgreSQL, which commits to disk in both cases."
    ],
)
