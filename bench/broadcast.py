"""Broadcast to all open sockets, and tell what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.contender import Bench, Contender, Running
from bench.load import Load
from bench.results import Sample

WARM_UP, WARM_UP_SLOW = 10, 3  # messages before anything is measured


@dataclass(frozen=True)
class Case:
    """A number of messages and their rate a second; all at once without a rate."""

    name: str
    count: int
    rate: float | None = None


def measure(
    contender: Contender, sockets: int, cases: Sequence[Case], bench: Bench, number: int
) -> Iterator[Sample]:
    """Run one round of one contender: start it, connect, and go through the cases."""
    with (
        contender.started(bench, sockets) as running,
        Load(bench.new_folder("load")) as load,
    ):
        opened = load.open(running.entry, sockets)
        bench.progress(f"  {sockets} sockets open after {opened['seconds']:.1f} s")
        warm_up = Case("warm-up", WARM_UP_SLOW if contender.slow else WARM_UP)
        _, problems = publish(bench, running, load, warm_up)
        if problems:
            raise RuntimeError(f"warm-up: {', '.join(problems)}")
        for case in cases:
            yield Sample(case.name, contender.name, number, *publish(bench, running, load, case))
        load.close()


def publish(
    bench: Bench, running: Running, load: Load, case: Case
) -> tuple[dict[str, float], list[str]]:
    """Publish one case to all open sockets; return the figures, and what went wrong."""
    load.begin()
    before, redis = running.spent(), bench.stores.redis_cpu()
    publisher = running.publish(case.count, case.rate)
    received = load.finish(case.count)
    spent = running.spent().since(before)
    redis = bench.stores.redis_cpu() - redis
    if not received.deliveries:
        return {}, ["nothing arrived", *received.problems()]
    each = 1e6 / received.deliveries
    figures = spent.figures("us", each)
    figures["cpu_us"] += publisher * each
    figures |= {
        "publisher_us": publisher * each,
        "redis_us": redis * each,
        "client_us": received.cpu * each,
        "rate": received.deliveries / received.wall,
        "p50_ms": received.p50,
        "p99_ms": received.p99,
        "max_ms": received.max,
        "first_p50_ms": received.first_p50,
        "first_p99_ms": received.first_p99,
        "rest_p50_ms": received.rest_p50,
        "rest_p99_ms": received.rest_p99,
        "bytes": received.bytes / received.deliveries,
        "deliveries": received.deliveries,
        "messages": case.count,
    }
    shown = f"{figures['cpu_us']:.1f} µs a delivery, {figures['rate']:,.0f}/s"
    bench.progress(f"  {case.name}: {shown}, p99 {received.p99:.1f} ms")
    return figures, received.problems()
