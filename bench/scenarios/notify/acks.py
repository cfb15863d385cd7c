"""The acknowledgement of an event that has a ladder: it must cost what any other one does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bench import rows
from bench.contender import Bench
from bench.goals import Goal
from bench.results import Sample, each
from bench.scenario import Column, Part
from bench.scenarios.notify.worker import worker

CASE, LADDER, QUIET = "an ack", "with a ladder", "without one"
TURNS = 10


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Acknowledge for many users, first while their ladders are open, then without any."""
    count = 2_000 if bench.quick else 10_000
    offset = 1
    with worker(bench) as driven:
        driven.ask("fill_ladders", within=300, count=count, acked=0)
        url = bench.stores.urls("hoardrun_centre")["DATABASE_URL"]
        for contender in (LADDER, QUIET):
            if contender == QUIET:
                driven.ask("forget_ladders")
            cpu = 0.0
            before, counted = bench.stores.postgres_cpu(), rows.look(url)
            for _ in range(TURNS):
                cpu += driven.ask("ack", count=count, offset=offset)["cpu"]
                offset += 1
            postgres = bench.stores.postgres_cpu() - before
            others = _other_rows(rows.look(url).since(counted).written)
            problems = [f"wrote {others} rows of ladders"] if others else []
            figures = {**each(cpu, postgres, 0.0, TURNS * count), "other_rows": float(others)}
            yield Sample(CASE, contender, number, figures, problems)


def _other_rows(written: Counter[str]) -> int:
    """Count the rows that were written into tables of notifications."""
    return sum(count for table, count in written.items() if table.startswith("notifications_"))


PART = Part("acks", measure)
COLUMNS = (Column("other_rows", "rows beside the cursor's", 0),)
GOALS = (
    Goal("CPU of an ack, with a ladder to without", "both_us", (CASE, LADDER), 1.1, (CASE, QUIET)),
)
NOTES = ("An ack is stored by the hub's own statement, and writes nothing about ladders.",)
