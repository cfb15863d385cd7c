"""The judging of ladders, most of which are closed by what devices have acknowledged."""

from __future__ import annotations

from collections.abc import Iterator

from bench.contender import Bench
from bench.goals import Goal
from bench.results import Sample, each
from bench.scenario import Part
from bench.scenarios.notify.worker import worker

CASE, CLOSED, OPEN = "judging a ladder", "nine in ten acked", "none acked"
ACKED = {CLOSED: 9, OPEN: 0}  # of each ten


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    count = 5_000 if bench.quick else 50_000
    with worker(bench) as driven:
        for contender, acked in ACKED.items():
            driven.ask("fill_ladders", within=300, count=count, acked=acked)
            before = bench.stores.postgres_cpu()
            took = driven.ask("judge", within=600)
            postgres = bench.stores.postgres_cpu() - before
            problems = []
            if took["judged"] < count or took["closed"] != count * acked // 10:
                problems.append(f"judged {took['judged']} of {count}, closed {took['closed']}")
            yield Sample(
                CASE, contender, number, each(took["cpu"], postgres, took["wall"], count), problems
            )


PART = Part("judging", measure)
COLUMNS = ()
GOALS = (Goal("CPU µs of a ladder, 5,000 a second and core", "cpu_us", (CASE, CLOSED), 200),)
NOTES = (
    "Ladders of a push and an SMS unless on a device, each of a user of its own with a phone. One "
    "that is not acknowledged is judged for both rungs, and queues its SMS. CPU of one worker; "
    "PostgreSQL's stands beside it.",
)
