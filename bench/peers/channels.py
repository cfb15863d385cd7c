"""Stock Channels, on each server and each layer that its users choose between."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.contender import Bench, Contender, Running, serving
from bench.opening import Entry, Step
from bench.peers.installation import Installation, install
from bench.publishers import asking
from tests.services.driven import Driven
from tests.services.plugin import run_redis
from tests.services.ports import free_port

APPLICATION = "bench.peers.stock.asgi:application"
SETTINGS = "bench.peers.stock.settings"
GREETED = Step("connection_established")
READY = {"daphne": "Listening on", "uvicorn": "running on"}
WINDOW = 40  # Daphne lets 50 connections wait for it, and has others reset


def installation(bench: Bench, users: int, layer: str) -> Installation:
    """Return the run's stock project on PostgreSQL and Redis, with at least `users` users."""
    env = {"STOCK_LAYER": layer, "DJANGO_SETTINGS_MODULE": SETTINGS}
    return install(bench, env | bench.stores.urls("stock_bench"), users)


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
        run_redis().flush()  # the layers of an earlier start still list its sockets
        folder = bench.new_folder(self.name)
        port = free_port()
        command = [sys.executable, "-m", self._server, APPLICATION, "--port", str(port)]
        log = folder / "publisher.log"
        with (
            serving(command, folder, READY[self._server], made.env) as process,
            Driven("bench.peers.stock_publisher", log=log, env=made.env) as publisher,
        ):
            entry = Entry(port, ["/ws"], made.tokens, [GREETED], WINDOW)
            publish, postgres_cpu = asking(publisher.ask), bench.stores.postgres_cpu
            yield Running([process.pid], entry, publish, publisher.ask, postgres_cpu)
