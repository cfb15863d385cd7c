"""What it costs to publish in the transaction that saves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.contender import Bench
from bench.goals import Goal, Side
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample
from bench.scenario import Column, Part, Scenario


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Save notifications with and without their events, in turns, in one process."""
    count = 200 if bench.quick else 1000
    with Hoardrun().started(bench, 100) as running:
        running.ask("durable", count=50)  # connections, statements and code get warm
        spent = running.ask("durable", count=count)
    for kind, contender in (("alone", "the row alone"), ("published", "row, event and wake-up")):
        yield Sample("durable", contender, number, {"cpu_us": spent[kind] / count * 1e6})


def _parts(bench: Bench) -> Sequence[Part]:
    return [Part("hoardrun", measure)]


SCENARIO = Scenario(
    name="durable",
    summary="a notification with its event, against its row alone",
    parts=_parts,
    columns=[Column("cpu_us", "CPU µs a transaction", 0)],
    goals=[
        Goal("CPU of the publishing process, with the event to without",
             Side("durable", "row, event and wake-up", "cpu_us"), 2.0,
             Side("durable", "the row alone", "cpu_us")),
    ],
    notes=["CPU of the process that saves. PostgreSQL commits to disk in both cases."],
)  # fmt: skip
