"""Stock Channels, on each server and each layer that its users choose between."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.contender import Bench, Contender, Running, serving
from bench.driven import Driven
from bench.load import Entry
from bench.opening import Step
from bench.peers.installation import Installation, run_python, with_users
from bench.publishers import asking
from tests.services import environment
from tests.services.ports import free_port, wait_until
from tests.services.process import Process

APPLICATION = "bench.peers.stock.asgi:application"
SETTINGS = "bench.peers.stock.settings"
GREETED = Step("connection_established")
WINDOW = 40  # Daphne lets 50 connections wait for it, and has others reset


def installation(bench: Bench, users: int, layer: str) -> Installation:
    """Return the run's stock project on PostgreSQL and Redis, with at least so many users."""

    def migrated() -> dict[str, str]:
        bench.progress("stock Channels: migrating a database")
        env = {
            "DATABASE_URL": bench.stores.postgres.database("stock_bench"),
            "REDIS_URL": bench.stores.redis.url,
            "STOCK_LAYER": "pubsub",
            "DJANGO_SETTINGS_MODULE": SETTINGS,
        }
        run_python(["-m", "django", "migrate", "--verbosity=0"], env)
        return env

    env = bench.once("stock", migrated)
    made = bench.once(f"stock {users}", lambda: with_users(env, users))
    return Installation({**made.env, "STOCK_LAYER": layer}, made.tokens)


class StockChannels(Contender):
    """One server with one layer; a Django process of its own publishes."""

    slow = True

    def __init__(self, server: str, layer: str) -> None:
        self.name = f"channels-{server}-{layer}"
        self._server = server
        self._layer = layer

    @contextmanager
    def started(self, bench: Bench, sockets: int) -> Iterator[Running]:
        made = installation(bench, sockets, self._layer)
        env = environment.of_a_server() | dict(made.env)
        bench.stores.redis.flush()  # the layers of an earlier start still list its sockets
        folder = bench.new_folder(self.name)
        port = free_port()
        process = Process(self._command(port), log=folder / "log", env=env, cwd=environment.ROOT)
        with serving(process):
            wait_until(
                lambda: any(word in process.log() for word in ("Listening on", "running on")),
                seconds=30,
                what=self.name,
            )
            publisher = Driven("bench.peers.stock_publisher", log=folder / "publisher.log", env=env)
            try:
                entry = Entry(port, ["/ws"], made.tokens, [GREETED], WINDOW)
                publish, postgres_cpu = asking(publisher.ask), bench.stores.postgres_cpu
                yield Running([process.pid], entry, publish, publisher.ask, postgres_cpu)
            finally:
                publisher.stop()

    def _command(self, port: int) -> list[str]:
        if self._server == "daphne":
            return [sys.executable, "-m", "daphne", "-p", str(port), APPLICATION]
        return [sys.executable, "-m", "uvicorn", APPLICATION, "--port", str(port)]
