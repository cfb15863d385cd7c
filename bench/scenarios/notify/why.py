"""The page "why did she not get it" among very many deliveries."""

from __future__ import annotations

from collections.abc import Iterator

from bench.contender import Bench
from bench.goals import Goal
from bench.results import Sample, delays, each
from bench.scenario import Column, Part
from bench.scenarios.notify.worker import worker

CASE, PAGE = "why", "the trace of a notification"
DELIVERIES = 1_000_000
TIMES = 200


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    count = bench.deliveries or (50_000 if bench.quick else DELIVERIES)
    with worker(bench, "hoardrun_why") as driven:
        made = bench.once(
            "why", lambda: driven.ask("fill_deliveries", within=3600, deliveries=count)
        )
        bench.progress(f"  {count:,} deliveries, made in {made['seconds']:.0f} s")
        driven.ask("ask_why", times=20)  # connections and code get warm
        before = bench.stores.postgres_cpu()
        took = driven.ask("ask_why", times=TIMES)
        postgres = bench.stores.postgres_cpu() - before
    figures = {
        **each(took["cpu"], postgres, 0.0, TIMES),
        "deliveries": float(count),
        **delays(took["waits"]),
    }
    yield Sample(CASE, PAGE, number, figures)


PART = Part("why", measure)
COLUMNS = (
    Column("deliveries", "deliveries", 0),
    Column("p50_ms", "p50 ms"),
    Column("p99_ms", "p99 ms"),
    Column("max_ms", "max ms"),
)
GOALS = (Goal("ms of a trace, p99", "p99_ms", (CASE, PAGE), 50),)
NOTES = (
    "A trace reads all that is stored of one notification, and writes its timeline. The goal is "
    "for 10,000,000 deliveries (`--deliveries 10000000`), which take minutes to make.",
)
