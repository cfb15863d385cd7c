"""A million alerts in the memory of the engine's leader."""

from __future__ import annotations

from collections.abc import Iterator

from bench.contender import Bench
from bench.goals import Goal
from bench.peers.hoardrun import installation
from bench.results import Sample
from bench.scenario import Column, Part
from tests.services.driven import Driven

CASE, NAME = "alerts in memory", "hoardrun"
INSTRUMENTS, TICKS = 20, 200_000


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Load them from the database, and judge prices that reach none."""
    count = 100_000 if bench.quick else 1_000_000
    made = installation(bench, 1, "hoardrun_market")
    log = bench.new_folder("market") / "book.log"
    with Driven("bench.peers.market", log=log, env=made.env) as driven:
        ids = driven.ask("list", count=INSTRUMENTS)["ids"]
        driven.ask("forget", within=300)
        driven.ask("fill", within=600, count=count, ids=ids)
        loaded = driven.ask("load", within=300)
        idle = driven.ask("idle", within=300, ids=ids, ticks=TICKS)
    problems = [] if loaded["alerts"] == count else [f"{loaded['alerts']} of {count} were loaded"]
    if idle["fired"]:
        problems.append("an alert has fired")
    figures = {
        "mib": loaded["kib"] / 1024 * 1_000_000 / count,
        "load_s": loaded["seconds"],
        "tick_us": idle["seconds"] / TICKS * 1e6,
    }
    yield Sample(CASE, NAME, number, figures, problems)


PART = Part("book", measure)
COLUMNS = (
    Column("mib", "MiB a million"),
    Column("load_s", "s to load"),
    Column("tick_us", "µs a tick that reaches none", 2),
)
GOALS = (
    Goal("MiB of memory for 1,000,000 alerts", "mib", (CASE, NAME), 100 / 1.048576),
    Goal("CPU µs of a tick that crosses nothing", "tick_us", (CASE, NAME), 20),
)
NOTES = (
    "Alerts of 20 instruments, half above and half below the price, are loaded from PostgreSQL as "
    "the engine's leader does. Memory is what the process grows by.",
)
