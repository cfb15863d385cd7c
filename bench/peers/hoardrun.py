"""hoardrun itself, on PostgreSQL and Redis: durable announcements, and market prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar

from bench.contender import Bench, Contender, Running
from bench.driven import Driven
from bench.load import Entry
from bench.opening import Step
from bench.peers.installation import Installation, run_python, with_users
from bench.publishers import asking, silently
from tests.services import environment
from tests.services.ports import free_port
from tests.services.server import Server

PATH = "/ws/notifications"
GREETED = Step("connection_established")
JOINED = Step("room_joined", '{"type":"join_room","room":"market_data"}')
# Plain HTTP on this machine; tokens that outlive the run.
COMMON = {"SECURE_SSL_REDIRECT": "0", "ACCESS_TOKEN_MINUTES": "600"}


def installation(bench: Bench, users: int) -> Installation:
    """Return the run's installation on PostgreSQL and Redis, with at least so many users."""

    def migrated() -> dict[str, str]:
        bench.progress("hoardrun: migrating a database")
        url = bench.stores.postgres.database("hoardrun_bench")
        env = COMMON | {"DATABASE_URL": url, "REDIS_URL": bench.stores.redis.url}
        run_python(["manage.py", "migrate", "--verbosity=0"], env)
        return env

    env = bench.once("hoardrun", migrated)
    return bench.once(f"hoardrun {users}", lambda: with_users(env, users))


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
        bench.stores.redis.flush()
        with Server(
            "serve", env={**made.env, **self.settings}, workers=self.workers, migrate=False
        ) as server:
            folder = bench.new_folder(self.name)
            publisher = Driven(
                "bench.peers.hoardrun_publisher", log=folder / "publisher.log", env=server.env
            )
            try:
                entry = Entry(server.port, [PATH], made.tokens, self.steps)
                publish = asking(publisher.ask, kind=self.kind)
                postgres_cpu = bench.stores.postgres_cpu
                yield Running([server.pid], entry, publish, publisher.ask, postgres_cpu)
            finally:
                publisher.stop()


class HoardrunWorkers(Hoardrun):
    """The same with a process for each of two cores, as nats-server uses them by itself."""

    name = "hoardrun-2-workers"
    workers = 2


class HoardrunMarket(Hoardrun):
    """The same server; prices that nobody stores, to a room that all have joined."""

    name = "hoardrun-market"
    kind = "market"
    steps = (GREETED, JOINED)


class HoardrunMemory(Contender):
    """No services: SQLite and the in-memory layer; published to in its own process."""

    name = "hoardrun-memory"

    @contextmanager
    def started(self, bench: Bench, sockets: int) -> Iterator[Running]:
        made = self._installation(bench, sockets)
        folder, port = bench.new_folder(self.name), free_port()
        server = Driven(
            "bench.peers.hoardrun_memory",
            str(port),
            log=folder / "log",
            env=environment.of_a_server() | dict(made.env),
        )
        try:
            entry = Entry(port, [PATH], made.tokens, [GREETED])
            # What publishing costs is part of what the server spends.
            yield Running([server.pid], entry, silently(asking(server.ask, kind="announcement")))
        finally:
            server.stop()

    def _installation(self, bench: Bench, users: int) -> Installation:
        def migrated() -> dict[str, str]:
            file = bench.new_folder("sqlite") / "db.sqlite3"
            env = COMMON | {"DATABASE_URL": f"sqlite:///{file}"}
            run_python(["manage.py", "migrate", "--verbosity=0"], env)
            return env

        env = bench.once("memory", migrated)
        return bench.once(f"memory {users}", lambda: with_users(env, users))
