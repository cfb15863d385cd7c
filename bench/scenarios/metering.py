"""The cost of counting: the same deliveries with all meters of the engine and without."""

from __future__ import annotations

from collections.abc import Iterator

from bench.contender import Bench
from bench.goals import Goal
from bench.load import Load
from bench.peers.hoardrun import HoardrunMemory
from bench.results import Sample
from bench.scenario import Column, Part, Scenario

COUNTED, UNCOUNTED = "with meters", "without"
TO_ALL, TO_ONE = "one event to all", "an event to one"
LIMIT = 1.01


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Publish to sockets in turns, and read what the whole process spends on a delivery."""
    users, few, many = (100, 80, 200) if bench.quick else (1000, 800, 3000)
    with (
        HoardrunMemory().started(bench, users) as running,
        Load(bench.new_folder("load")) as load,
    ):
        load.open(running.entry, users)
        load.begin()
        for case, own, count, deliveries in ((TO_ALL, False, few, users), (TO_ONE, True, many, 1)):
            took = running.ask("deliver", own_streams=own, count=count, users=users)
            each = {key: took[key] / deliveries * 1e6 for key in ("counted", "uncounted")}
            yield Sample(case, COUNTED, number, {"cpu_us": each["counted"], "ratio": took["ratio"]})
            yield Sample(case, UNCOUNTED, number, {"cpu_us": each["uncounted"]})


def _share(case: str) -> Goal:
    text = f"CPU a delivery, {case}: with meters to without"
    return Goal(text, "ratio", (case, COUNTED), LIMIT)


SCENARIO = Scenario(
    name="metering",
    summary="what counting costs: 1,000 sockets, with all meters and without",
    parts=[Part("metering", measure)],
    columns=[Column("cpu_us", "CPU µs a delivery", 2), Column("ratio", "to without", 4)],
    goals=[_share(TO_ALL), _share(TO_ONE)],
    rounds=3,
    notes=[
        "One process on SQLite and the in-memory layer publishes and serves. CPU is that of the "
        "publishing thread and of the event loop for one event, system calls included. Without "
        "meters, the functions run with every statement cut out that counts. Both take turns in "
        "the same process, in blocks; the ratio is the median of those of neighbouring blocks, of "
        "each the lower quartile, which other work of the machine has disturbed least.",
    ],
)
