"""The cost of a socket that is logged in and silent."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from bench import processes
from bench.contender import Bench, Contender
from bench.goals import Goal
from bench.load import Load
from bench.peers.channels import StockChannels
from bench.peers.echo import Echo
from bench.peers.hoardrun import HoardrunMarket
from bench.results import Sample
from bench.scenario import Column, Part, Scenario

WARM_UP = 100  # sockets that are there before the first look at the memory
SETTLE_SECONDS = 4.0
# The room is what makes it the whole of what a client has: own stream, announcements, a room.
CONTENDERS: Sequence[Contender] = (HoardrunMarket(), Echo(), StockChannels("daphne", "pubsub"))


def measure(contender: Contender, bench: Bench, number: int) -> Iterator[Sample]:
    """Look at the memory before and after opening many sockets."""
    sockets = 500 if bench.quick else 2000 if contender.slow else 5000
    with (
        contender.started(bench, sockets + WARM_UP) as running,
        Load(bench.new_folder("load")) as load,
    ):
        load.open(running.entry, WARM_UP)
        before = _settled(running.pids)
        opened = load.open(running.entry.after(WARM_UP), sockets, seconds=400)
        bench.progress(f"  {sockets} sockets open after {opened['seconds']:.0f} s")
        after = _settled(running.pids)
        cpu = running.cpu()
        time.sleep(SETTLE_SECONDS)
        figures = {
            "kib": (after["Rss"] - before["Rss"]) / sockets,
            "pss_kib": (after["Pss"] - before["Pss"]) / sockets,
            "before_mib": before["Rss"] / 1024,
            "after_mib": after["Rss"] / 1024,
            "idle_cpu_us": (running.cpu() - cpu) / SETTLE_SECONDS / sockets * 1e6,
        }
        load.begin()
        problems = load.finish(0, settle=0).problems()  # none must have been dropped
        yield Sample("idle", contender.name, number, figures, problems)


def _settled(pids: Sequence[int]) -> dict[str, int]:
    time.sleep(SETTLE_SECONDS)
    return {kind: sum(processes.memory_kib(pid, kind) for pid in pids) for kind in ("Pss", "Rss")}


SCENARIO = Scenario(
    name="idle",
    summary="memory of 5,000 sockets that are logged in and silent",
    parts=Part.of(CONTENDERS, measure),
    columns=[
        Column("kib", "KiB a socket"),
        Column("pss_kib", "by PSS"),
        Column("before_mib", "MiB before", 0),
        Column("after_mib", "MiB after", 0),
        Column("idle_cpu_us", "CPU µs a second and socket"),
    ],
    goals=[Goal("KiB a socket", "kib", ("idle", HoardrunMarket.name), 12)],
    notes=[
        "Resident memory of the server process, not the kernel's buffers; PSS also moves with "
        "what other processes share with it. A hoardrun socket "
        "has its user's stream, announcements and a room; stock Channels two groups; the "
        "bare ASGI echo has nothing.",
    ],
    rounds=2,
)
