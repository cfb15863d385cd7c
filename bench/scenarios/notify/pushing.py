"""Web pushes of one worker to a local service, beside PostgreSQL, and what each is made of."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bench.contender import Bench, serving
from bench.goals import Goal
from bench.results import Sample, each
from bench.scenario import Column, Part
from bench.scenarios.notify.worker import worker
from tests.services.ports import free_port

WARM_UP = 100  # pushes, for connections, certificates and texts
CASE, WORKER = "a web push", "one worker"
PARTS = ("encryption_us", "signature_us", "http_us")


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    count = 500 if bench.quick else 5_000
    port = free_port()
    command = [sys.executable, "-m", "bench.peers.centre.service", str(port)]
    with (
        serving(command, bench.new_folder("service"), "listening"),
        worker(bench, "hoardrun_pushes") as driven,
    ):
        url = f"http://127.0.0.1:{port}"
        driven.ask("fill_pushes", within=300, count=WARM_UP, url=url)
        driven.ask("push", within=600, count=WARM_UP)
        driven.ask("fill_pushes", within=300, count=count, url=url)
        parts = driven.ask("push_parts", url=url)
        before = bench.stores.postgres_cpu()
        took = driven.ask("push", within=600, count=count)
        postgres = bench.stores.postgres_cpu() - before
        figures = {**each(took["cpu"], postgres, took["wall"], count), **parts}
        figures["rows_us"] = figures["cpu_us"] - sum(parts[name] for name in PARTS)
        problems = [] if took["sent"] == count else [f"sent {took['sent']} of {count}"]
        yield Sample(CASE, WORKER, number, figures, problems)


PART = Part("pushing", measure)
COLUMNS = (
    Column("encryption_us", "of it encryption", 0),
    Column("signature_us", "signature", 0),
    Column("http_us", "HTTP", 0),
    Column("rows_us", "rows and texts", 0),
    Column("fresh_signature_us", "a fresh signature", 0),
)
GOALS = (
    Goal("CPU µs of a web push in the worker", "cpu_us", (CASE, WORKER), 1500),
    Goal("time µs of a web push, 400 a second", "wall_us", (CASE, WORKER), 2500),
)
NOTES = (
    "The worker claims, encrypts, calls and writes; PostgreSQL and the service, which accepts all, "
    "run on the same cores. A signature serves one push service for hours; a fresh one is for the "
    "first push to it.",
)
