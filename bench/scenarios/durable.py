"""The cost of publishing in the transaction that saves a row."""

from __future__ import annotations

from collections.abc import Iterator

from bench.contender import Bench
from bench.goals import Goal
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample
from bench.scenario import Column, Part, Scenario

ALONE, PUBLISHED = "the row alone", "row, event and wake-up"
KINDS = {"alone": ALONE, "published": PUBLISHED}
TURNS = 10


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Save notifications with and without their events, in one process.

    Both take turns, so that other work of the machine falls on both.
    """
    count = 20 if bench.quick else 100  # transactions a turn
    process, postgres = dict.fromkeys(KINDS, 0.0), dict.fromkeys(KINDS, 0.0)
    with Hoardrun().started(bench, 100) as running:
        for kind in KINDS:
            running.ask("durable", kind=kind, count=50)  # connections and code get warm
        for _ in range(TURNS):
            for kind in KINDS:
                before = running.postgres_cpu()
                process[kind] += running.ask("durable", kind=kind, count=count)["cpu"]
                postgres[kind] += running.postgres_cpu() - before
    each = 1e6 / (TURNS * count)
    for kind, contender in KINDS.items():
        figures = {
            "cpu_us": process[kind] * each,
            "postgres_us": postgres[kind] * each,
            "both_us": (process[kind] + postgres[kind]) * each,
        }
        yield Sample("durable", contender, number, figures)


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
