"""One mailing to very many users: its ladders, and the memory of the process that sends it."""

from __future__ import annotations

from collections.abc import Iterator

from bench.contender import Bench
from bench.goals import Goal
from bench.results import Sample, each
from bench.scenario import Column, Part
from bench.scenarios.notify.worker import worker

CASE, MAILING = "a mailing", "with ladders"
USERS = 1_000_000


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    count = 10_000 if bench.quick else USERS
    with worker(bench, "hoardrun_mailing") as driven:
        driven.ask("fill_users", within=600, count=count)
        before = bench.stores.postgres_cpu()
        took = driven.ask("mail", within=3600, count=count)
        postgres = bench.stores.postgres_cpu() - before
    figures = {
        **each(took["cpu"], postgres, took["wall"], count),
        "users": float(count),
        "most_mib": took["most"],
        "grown_mib": took["most"] - took["warm"],
    }
    problems = [] if took["ladders"] == count else [f"{took['ladders']} ladders of {count}"]
    yield Sample(CASE, MAILING, number, figures, problems)


PART = Part("mailing", measure)
COLUMNS = (
    Column("users", "users", 0),
    Column("most_mib", "memory MiB", 0),
    Column("grown_mib", "grown since a tenth"),
)
GOALS = (Goal("MiB that a mailing's memory grows after a tenth", "grown_mib", (CASE, MAILING), 32),)
NOTES = ("Memory is the resident set of the process that sends, at its largest.",)
