"""One client stops reading: what the others notice, and what it costs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from bench import processes
from bench.contender import Bench, Running
from bench.goals import Goal, Side
from bench.load import Load
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample
from bench.scenario import Column, Part, Scenario
from bench.scenarios.fanout import Case, publish

RATE = 50
FILLING = 6000  # messages of 1.2 KB: more than what the kernel buffers for one socket


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Announce at a steady rate, first among readers only, then with one that is stuck."""
    sockets, count = (200, 100) if bench.quick else (1000, 500)
    contender = Hoardrun()
    with contender.started(bench, sockets + 1) as running, Load(bench.new_folder("load")) as load:
        load.open(running.entry, sockets)
        running.ask("fill", user_id=1, count=FILLING)  # the memory that this takes is no one's
        publish(bench, running, load, Case("warm-up", 100, RATE))
        for case in ("all read", "one is stuck"):
            before = _memory(running)
            if case == "one is stuck":
                load.open(running.entry.after(sockets), 1, stuck=1)
                running.ask("fill", user_id=sockets + 1, count=FILLING)
                time.sleep(1)
            figures, problems = publish(bench, running, load, Case(case, count, RATE))
            waiting = processes.unsent_kib(running.entry.port)
            if case == "one is stuck" and not waiting:
                problems.append("the stuck socket was not stuck")
            figures |= {"growth_kib": _memory(running) - before, "kernel_kib": waiting}
            yield Sample(case, contender.name, number, figures, problems)


def _memory(running: Running) -> int:
    return sum(processes.memory_kib(pid, "Rss") for pid in running.pids)


def _parts(bench: Bench) -> Sequence[Part]:
    return [Part(Hoardrun.name, measure)]


SCENARIO = Scenario(
    name="stuck",
    summary="one stuck reader among 1,000, at 50 messages a second",
    parts=_parts,
    columns=[
        Column("p50_ms", "p50 ms"),
        Column("p99_ms", "p99 ms"),
        Column("max_ms", "max ms"),
        Column("cpu_us", "CPU µs a delivery"),
        Column("growth_kib", "KiB more", 0),
        Column("kernel_kib", "KiB in the kernel", 0),
    ],
    goals=[
        Goal("p99 of the others, with a stuck reader to without",
             Side("one is stuck", "hoardrun", "p99_ms"), 1.2,
             Side("all read", "hoardrun", "p99_ms")),
        Goal("KiB that the server grows by", Side("one is stuck", "hoardrun", "growth_kib"), 256),
    ],
    notes=[
        "The stuck one has first been sent several megabytes of its own, so that the kernel "
        "takes no more and the server has to hold back."
    ],
)  # fmt: skip
