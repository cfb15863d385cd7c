"""One client stops reading: the effect on the others, and the cost."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench import buffers, processes
from bench.broadcast import Case, publish
from bench.contender import Bench, Running
from bench.goals import Goal
from bench.load import Load
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample
from bench.scenario import LATENCIES, Column, Part, Scenario

RATE = 50
MORE_STUCK = 8  # of which the memory is the mean: one alone is lost in what comes and goes
MORE = f"{MORE_STUCK} more are stuck"
FILLING = 6000  # messages of 1.2 KB: more than what the kernel buffers for one socket


class Patient(Hoardrun):
    """hoardrun that keeps stuck readers for as long as they are measured, not for 20 s."""

    settings = {"WS_STUCK_AFTER_SECONDS": "600"}


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Announce at a steady rate, among readers only, then with one that is stuck, then memory."""
    sockets, count = (200, 100) if bench.quick else (1000, 500)
    contender = Patient()
    users = sockets + 1 + MORE_STUCK
    with contender.started(bench, users) as running, Load(bench.new_folder("load")) as load:
        load.open(running.entry, sockets)
        running.ask("fill", user_id=1, count=FILLING)  # the memory that this takes is no one's
        publish(bench, running, load, Case("warm-up", 100, RATE))
        for case in ("all read", "one is stuck"):
            if case == "one is stuck":
                _add_stuck(running, load, sockets)
            figures, problems = publish(bench, running, load, Case(case, count, RATE))
            figures |= {"kernel_kib": buffers.queued_kib(running.entry.port)}
            if case == "one is stuck" and not figures["kernel_kib"]:
                problems.append("the stuck socket was not stuck")
            yield Sample(case, contender.name, number, figures, problems)
        before = _memory(running)
        for place in range(MORE_STUCK):
            _add_stuck(running, load, sockets + 1 + place)
        after = _memory(running)
        server, kernel = ((after[i] - before[i]) / MORE_STUCK for i in range(2))
        figures = {"growth_kib": server, "kernel_kib": kernel, "whole_kib": server + kernel}
        yield Sample(MORE, contender.name, number, figures)


def _add_stuck(running: Running, load: Load, place: int) -> None:
    load.open(running.entry.after(place), 1, stuck=1)
    running.ask("fill", user_id=place + 1, count=FILLING)


def _memory(running: Running) -> tuple[float, float]:
    """KiB of the server, and of what the kernel holds for its clients."""
    time.sleep(2)  # until what was in use for a moment has been given back
    server = sum(processes.memory_kib(pid, "Rss") for pid in running.pids)
    return server, buffers.queued_kib(running.entry.port)


SCENARIO = Scenario(
    name="stuck",
    summary="one stuck reader among 1,000, at 50 messages a second",
    parts=[Part(Hoardrun.name, measure)],
    columns=[
        *LATENCIES,
        Column("cpu_us", "CPU µs a delivery"),
        Column("growth_kib", "KiB more for each", 0),
        Column("kernel_kib", "KiB in the kernel", 0),
        Column("whole_kib", "both", 0),
    ],
    goals=[
        Goal("p99 of the others, with a stuck reader to without",
             "p99_ms", ("one is stuck", "hoardrun"), 1.2, ("all read", "hoardrun")),
        Goal("KiB that the server grows by for each", "growth_kib", (MORE, "hoardrun"), 256),
        Goal("KiB for each, with the kernel's", "whole_kib", (MORE, "hoardrun"), 256),
    ],
    notes=[
        "The stuck one has first been sent several megabytes of its own, so that the kernel "
        "takes no more and the server has to hold back. What the kernel holds for a socket is "
        "bounded by the operating system (net.ipv4.tcp_wmem) and by TCP_NOTSENT_LOWAT."
    ],
)  # fmt: skip
