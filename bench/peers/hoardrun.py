"""hoardrun itself, on PostgreSQL and Redis: durable announcements, and market prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar

from bench.contender import Bench, Contender, Running
from bench.opening import Entry, Step
from bench.peers.installation import Installation, install
from bench.publishers import asking
from tests.services.driven import Driven
from tests.services.plugin import run_redis
from tests.services.ports import free_port
from tests.services.server import Server

PATH = "/ws/notifications"
GREETED = Step("connection_established")
JOINED = Step("room_joined", '{"type":"join_room","room":"market_data"}')
# Plain HTTP on this machine; tokens that outlive the run.
COMMON = {"SECURE_SSL_REDIRECT": "0", "ACCESS_TOKEN_MINUTES": "600"}


def installation(
    bench: Bench, users: int, database: str = "hoardrun_bench", **settings: str
) -> Installation:
    """Return the run's installation, with at least `users` users, and Redis empty."""
    made = install(bench, COMMON | settings | bench.stores.urls(database), users)
    run_redis().flush()
    return made


class Hoardrun(Contender):
    """`manage.py serve`, one process; announcements from another, through the log."""

    name = "hoardrun"
    kind: ClassVar[str] = "announcement"
    workers: ClassVar[int] = 1
    settings: ClassVar[Mapping[str, str]] = {}  # on top of what every server gets
    steps: ClassVar[Sequence[Step]] = (GREETED,)

    @contextmanager
    def started(self, bench: Bench, sockets: int) -> Iterator[Running]:
        made = installation(bench, sockets)
        with Server(
            "serve", env={**made.env, **self.settings}, workers=self.workers, migrate=False
        ) as server:
            folder = bench.new_folder(self.name)
            log = folder / "publisher.log"
            with Driven("bench.peers.hoardrun_publisher", log=log, env=server.env) as publisher:
                entry = Entry(server.port, [PATH], made.tokens, self.steps)
                publish = asking(publisher.ask, kind=self.kind)
                postgres_cpu = bench.stores.postgres_cpu
                yield Running([server.pid], entry, publish, publisher.ask, postgres_cpu)


class HoardrunWorkers(Hoardrun):
    """The same with a process for each of two cores, as nats-server uses them by itself."""

    name = "hoardrun-2-workers"
    workers = 2


class HoardrunMarket(Hoardrun):
    """The same server; prices, which are not stored, to a room that all have joined."""

    name = "hoardrun-market"
    kind = "market"
    steps = (GREETED, JOINED)


class HoardrunMemory(Contender):
    """No services: SQLite and the in-memory layer; published to in its own process."""

    name = "hoardrun-memory"

    @contextmanager
    def started(self, bench: Bench, sockets: int) -> Iterator[Running]:
        url = f"sqlite:///{bench.folder / 'memory.sqlite3'}"
        made = install(bench, COMMON | {"DATABASE_URL": url}, sockets)
        log, port = bench.new_folder(self.name) / "log", free_port()
        with Driven("bench.peers.hoardrun_memory", str(port), log=log, env=made.env) as server:
            entry = Entry(port, [PATH], made.tokens, [GREETED])
            # The cost of publishing is part of the server's cost.
            publish = asking(server.ask, counts=False, kind="announcement")
            yield Running([server.pid], entry, publish, server.ask)
