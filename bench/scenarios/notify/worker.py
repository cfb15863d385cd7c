"""The process that is measured: a worker in a database of its own on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench.contender import Bench
from bench.peers.hoardrun import COMMON
from bench.peers.installation import install
from notifications.channels.push.vapid import new_private_key
from tests.services.driven import Driven
from tests.services.plugin import run_redis

SETTINGS = {
    "PUBLIC_BASE_URL": "https://bank.example",
    "VAPID_PRIVATE_KEY": new_private_key(),
    "VAPID_SUBJECT": "mailto:ops@bank.example",
    "PUSH_PACE": "100000",
    "SMS_PROVIDERS": "africastalking",
    "SMS_COUNTRIES": "UG",
    "AFRICASTALKING_USERNAME": "benchmark",
    "AFRICASTALKING_API_KEY": "benchmark",
}


@contextmanager
def worker(bench: Bench, database: str = "hoardrun_centre") -> Iterator[Driven]:
    """Start it; PostgreSQL's CPU is then that of `bench.stores`."""
    made = install(bench, COMMON | SETTINGS | bench.stores.urls(database), 1)
    run_redis().flush()
    log = bench.new_folder("centre") / "worker.log"
    with Driven("bench.peers.centre", log=log, env=made.env) as driven:
        yield driven


def each(cpu: float, postgres: float, wall: float, count: float) -> Mapping[str, float]:
    """Return what one of `count` has taken, by the names of the columns; 0 is not measured."""
    scale = 1e6 / count
    figures = {
        "cpu_us": cpu * scale,
        "postgres_us": postgres * scale,
        "both_us": (cpu + postgres) * scale,
    }
    return figures | ({"wall_us": wall * scale, "second": count / wall} if wall else {})
