"""One notification at a time to one user, with nothing else going on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.contender import Bench, Contender
from bench.goals import against
from bench.load import Load
from bench.peers.channels import StockChannels
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample, delays
from bench.scenario import Column, Part, Scenario

GAP_SECONDS = 0.005
WARM_UP = 20
DAPHNE = StockChannels("daphne", "pubsub")
CONTENDERS: Sequence[Contender] = (Hoardrun(), DAPHNE, StockChannels("uvicorn", "pubsub"))


def measure(contender: Contender, bench: Bench, number: int) -> Iterator[Sample]:
    """Save notifications one by one, and compare each commit with the arrival."""
    count = 100 if bench.quick else 300
    with contender.started(bench, 100) as running, Load(bench.new_folder("load")) as load:
        load.open(running.entry, 1)
        for messages in (WARM_UP, count):
            load.begin()
            saved = running.ask("save", user_id=1, count=messages, gap=GAP_SECONDS)
            received = load.finish(messages)
        arrivals = load.arrivals()
        waits = [
            (arrivals[place] - committed) / 1e6
            for place, committed in enumerate(saved["committed"])
            if place in arrivals
        ]
        figures = {
            **delays(waits),
            "save_p50_ms": received.p50,
            "save_p99_ms": received.p99,
        }
        yield Sample("latency", contender.name, number, figures, received.problems())


SCENARIO = Scenario(
    name="latency",
    summary="one notification at a time, from commit to socket, unloaded",
    parts=Part.of(CONTENDERS, measure),
    columns=[
        Column("p50_ms", "p50 ms", 2),
        Column("p99_ms", "p99 ms", 2),
        Column("max_ms", "max ms", 2),
        Column("save_p50_ms", "p50 ms from save", 2),
        Column("save_p99_ms", "p99 ms from save", 2),
    ],
    goals=[
        against(DAPHNE.name, "p50 from commit to socket", "latency", "p50_ms", 1.0),
        against(DAPHNE.name, "p99 from commit to socket", "latency", "p99_ms", 1.0),
    ],
    notes=["From the commit, and from just before the save, until the client has read it."],
)
