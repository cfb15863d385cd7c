"""The inbox of somebody with very many unread notifications."""

from __future__ import annotations

from collections.abc import Iterator

from bench.contender import Bench
from bench.goals import Goal
from bench.results import Sample, delays
from bench.scenario import Column, Part
from bench.scenarios.notify.worker import worker

CASE = "an inbox that nobody reads"
COUNTS, INBOX, SUMMARY = "its counts", "a page of it", "its summary"
ASKED = {"counts": COUNTS, "page": INBOX, "summary": SUMMARY}
UNREAD = 100_000
TIMES = 100


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    count = 10_000 if bench.quick else UNREAD
    with worker(bench, "hoardrun_unread") as driven:
        bench.once("unread", lambda: driven.ask("fill_unread", within=600, unread=count))
        driven.ask("ask_unread", times=5)  # connections and code get warm
        took = driven.ask("ask_unread", within=600, times=TIMES)
    problems = [] if took["unread"] == count else [f"counted {took['unread']} of {count}"]
    for name, contender in ASKED.items():
        figures = {"unread": float(count), **delays(took["waits"][name])}
        yield Sample(CASE, contender, number, figures, problems)


PART = Part("unread", measure)
COLUMNS = (Column("unread", "unread", 0),)
GOALS = (
    Goal("ms of the counts of 100,000 unread, p99", "p99_ms", (CASE, COUNTS), 10),
    Goal("ms of a page of an inbox with 100,000 unread, p99", "p99_ms", (CASE, INBOX), 10),
)
NOTES = (
    "The counts are those of the bell: each one is counted anew, by an index that is read alone. "
    "The summary groups all that the user has by status, type, priority and category.",
)
