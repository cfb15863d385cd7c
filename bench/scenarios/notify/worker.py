"""The process that is measured: a worker in a database of its own on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.contender import Bench
from bench.peers.hoardrun import installation
from notifications.channels.push.vapid import new_private_key
from tests.services.driven import Driven

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
    made = installation(bench, 1, database, **SETTINGS)
    log = bench.new_folder("centre") / "worker.log"
    with Driven("bench.peers.centre", log=log, env=made.env) as driven:
        yield driven
