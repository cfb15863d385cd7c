"""The system under test: stores, nodes, and a proxy on every link between them."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.faults import truth
from tests.faults.proxy import Proxy
from tests.services import environment, templates
from tests.services.balancer import Balancer, Kind
from tests.services.binaries import ServerMissing
from tests.services.driven import Driven
from tests.services.pgbouncer import PgBouncer
from tests.services.plugin import run_pgbouncer, run_postgres, run_redis
from tests.services.ports import wait_until
from tests.services.postgres import Postgres
from tests.services.process import Process, run_python
from tests.services.redis import Redis
from tests.services.sentinel import WatchedRedis
from tests.services.server import Server

_numbers = itertools.count(1)
SHARDS = 3
STRANGERS = 1000
STOP_SECONDS = 25.0  # by docs/production.md: WS_DRAIN_SECONDS, 5, and 20 more
# Makes a number of users, and prints id and token of each.
USERS = """
import json, sys
from datetime import timedelta
from django.contrib.auth import get_user_model
from rest_framework_simplejwt.tokens import AccessToken
User = get_user_model()
first = User.objects.count()
User.objects.bulk_create(User(username=f"user-{first + n}") for n in range(%d))
found = []
for user in User.objects.order_by("pk")[first:]:
    token = AccessToken.for_user(user)
    token.set_exp(lifetime=timedelta(days=30))
    found.append({"id": user.pk, "token": str(token)})
json.dump(found, sys.stdout)
"""


def buggy(bug: str, *modules: str) -> dict[str, str]:
    """Return the environment in which the product has a bug of these modules, or of ours."""
    if not bug:
        return {}
    settings = "tests.faults.bugs.settings"
    return {"DJANGO_SETTINGS_MODULE": settings, "HOARDRUN_BUG": " ".join((bug, *modules))}


class Node:
    """One serving process, reached through a proxy, that reaches its stores through proxies."""

    def __init__(self, number: int, env: Mapping[str, str], stores: Mapping[str, int]) -> None:
        self.number = number
        self.proxies = {kind: Proxy(port) for kind, port in stores.items()}
        self.env = dict(env)
        for name, kind in (("DATABASE_URL", "postgres"), ("REDIS_URL", "redis")):
            if kind in self.proxies:
                self.env[name] = through(self.env[name], self.proxies[kind].port)
        self.server: Server | None = None
        self.proxies["client"] = Proxy(1)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.proxies['client'].port}/ws/notifications"

    @contextlib.contextmanager
    def fake_clock(self) -> Iterator[Callable[[int], object]]:
        """Restart it with a wall clock that can be moved, and without one at the end.

        Gives a function that moves it to so many seconds from the true time, at once. Deadlines
        inside the process stay as they are. The clock makes a process slow, so none keeps it.
        """
        assert self.server is not None
        file = self.server.folder / "clock"

        def move(seconds: int) -> None:
            file.write_text(f"{seconds:+d}s")

        move(0)
        true_clock = self.server.env
        self.stop()
        self.server.env = true_clock | {
            "LD_PRELOAD": str(libfaketime()),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",
            "PYTHONPATH": str(Path(__file__).with_name("sleep")),
        }
        self.start()
        yield move
        self.stop()
        self.server.env = true_clock
        self.start()

    def start(self) -> None:
        """Serve, and wait until it answers."""
        if self.server is not None:
            self.server.start()
        else:
            self.server = Server(env=self.env, migrate=False)
            self.proxies["client"].target = self.server.port

    def stop(self) -> None:
        """End it by SIGTERM, within the time that docs/production.md promises."""
        if self.server is not None and self.server.running:
            self.server.stop(seconds=STOP_SECONDS)

    def kill(self) -> None:
        if self.server is not None:
            self.server.kill()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, such as SIGSTOP."""
        assert self.server is not None
        os.kill(self.server.pid, number)


class Cluster:
    """Everything but the clients. `store` is postgres, with Redis and several nodes, or sqlite.

    With `pooled`, nodes, producers and commands reach PostgreSQL through PgBouncer; only the
    checker does not. `redis` is "one", "sentinel" (a master, a replica and three Sentinels) or
    "shards" (three that share the groups).
    """

    def __init__(
        self,
        *,
        store: str,
        nodes: int,
        users: int,
        folder: Path,
        env: Mapping[str, str],
        pooled: bool = False,
        redis: str = "one",
    ) -> None:
        self.store = store
        self.folder = folder
        self.postgres: Postgres | None = None
        self.redis: Redis | None = None
        self.watched: WatchedRedis | None = None
        self.shards: list[Redis] = []
        self.env = environment.of_a_server() | {"DEBUG": "1", "LOG_LEVEL": "WARNING", **env}
        ports: dict[str, int] = {}
        if store == "postgres":
            self.postgres, self.redis = run_postgres(), run_redis()
            self.env["DATABASE_URL"] = self.postgres.migrated(f"faults_{next(_numbers)}")
            self.env["REDIS_URL"] = self.redis.url
            ports = {"postgres": self.postgres.port, "redis": self.redis.port}
            self._arrange(redis, ports)
        else:
            file = folder / "faults.sqlite3"
            self.env["DATABASE_URL"] = templates.copy_sqlite(templates.of_sqlite(), file)
        self.database_url = self.env["DATABASE_URL"]
        self.pgbouncer: PgBouncer | None = None
        if pooled:
            self.pgbouncer = run_pgbouncer()
            self.env["DATABASE_URL"] = self.pgbouncer.url(self.database_url)
            ports["postgres"] = self.pgbouncer.port
        truth.keep_what_is_taken(self.database_url)
        self.users = folder / "users.json"
        self.users.write_text(self.manage("shell", "-v0", "-c", USERS % users))
        self.user_ids = [user["id"] for user in json.loads(self.users.read_text())]
        self.nodes = [Node(number, self.env, ports) for number in range(nodes)]
        self.publishing = Proxy(ports["postgres"]) if ports else None
        self.balancers: dict[Kind, Balancer] = {}
        self.trusted = folder / "trusted.pem"  # the balancers' certificates
        self.producers: dict[str, Process] = {}
        self._started: dict[str, tuple[int, float]] = {}
        self._strangers: list[str] = []

    def _arrange(self, redis: str, ports: dict[str, int]) -> None:
        """Put several Redis in the place of the one; nodes reach these without proxies."""
        if redis == "one":
            return
        del ports["redis"]
        if redis == "sentinel":
            self.watched = WatchedRedis()
            self.env["REDIS_URL"] = self.watched.url
        else:
            names = [f"redis-shard-{next(_numbers)}" for _ in range(SHARDS)]
            self.shards = [Redis(name) for name in names]
            self.env["REDIS_URL"] = ",".join(shard.url for shard in self.shards)

    def strangers(self) -> list[str]:
        """Return tokens of users without devices and without events."""
        if not self._strangers:
            found = json.loads(self.manage("shell", "-v0", "-c", USERS % STRANGERS))
            self._strangers = [user["token"] for user in found]
        return self._strangers

    def stand_behind(self, kind: Kind) -> Balancer:
        """Put nginx or HAProxy in front of all nodes; return it. Before the clients."""
        ports = [node.proxies["client"].port for node in self.nodes]
        found = self.balancers[kind] = Balancer(kind, ports)
        with self.trusted.open("a") as file:
            file.write(found.certificate.read_text())
        return found

    def start(self) -> None:
        """Start all nodes."""
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            list(pool.map(Node.start, self.nodes))

    def manage(self, *arguments: str) -> str:
        """Run a manage.py command straight on the stores, and return what it prints."""
        return run_python("manage.py", *arguments, env=self.env).stdout

    def begin(self, *arguments: str) -> Process:
        """Start a manage.py command, to be killed in the middle."""
        command = [sys.executable, "manage.py", *arguments]
        return Process(command, log=self.folder / "killed.log", env=self.env, may_fork=True)

    def produce(self, name: str, seed: int, rate: float) -> None:
        """Start a producer, which reaches PostgreSQL through a proxy of its own."""
        env = dict(self.env)
        if self.publishing is not None:
            env["DATABASE_URL"] = through(env["DATABASE_URL"], self.publishing.port)
        self._started[name] = (seed, rate)
        self.producers[name] = self._producer(name, env, seed=seed, rate=rate)

    def burst(self, name: str, users: Sequence[int], seed: int, seconds: float = 0.0) -> None:
        """Publish some megabytes to each of these users; or small bursts for some seconds."""
        self._producer(name, self.env, seed=seed, burst=users, seconds=seconds).until_ended(
            seconds=60
        )

    def _producer(self, name: str, env: Mapping[str, str], **plan: Any) -> Process:
        plan |= {"folder": str(self.folder), "name": name, "users": self.user_ids}
        command = [sys.executable, "-m", "tests.faults.producer", json.dumps(plan)]
        log = self.folder / f"producer-{name}.log"
        return Process(command, log=log, env=env, may_fork=True)

    def replace_producer(self, name: str, by: str) -> None:
        """Kill a producer in the middle of its work, and start another in its place."""
        self.producers.pop(name).kill()
        seed, rate = self._started.pop(name)
        self.produce(by, seed + 1000, rate)

    def producing(self) -> bool:
        """Say whether every producer has begun."""
        ledgers = [self.folder / f"ledger-{name}.jsonl" for name in self.producers]
        return all(ledger.exists() and ledger.stat().st_size for ledger in ledgers)

    def stop_producers(self) -> None:
        """Let each finish what it is in."""
        wait_until(self.producing, seconds=20, what="producers publish")
        for name, process in self.producers.items():
            if process.stop(seconds=20):
                raise RuntimeError(f"producer {name} failed:\n{process.tail()}")

    def problems(self) -> list[str]:
        """Return what the nodes' logs hold that never should be there."""
        return [
            f"node {node.number}: {lines}"
            for node in self.nodes
            if node.server is not None and (lines := _tracebacks(node.server.log()))
        ]

    def close(self) -> None:
        """Stop everything."""
        for process in self.producers.values():
            process.kill()
        for balancer in self.balancers.values():
            balancer.kill()
        for node in self.nodes:
            node.kill()
            for proxy in node.proxies.values():
                proxy.close()
        if self.publishing is not None:
            self.publishing.close()
        if self.watched is not None:
            self.watched.stop()
        for shard in self.shards:
            shard.thaw()
            shard.stop()


class Clients(Driven):
    """One process with many devices, all of which have been greeted; see `client.Devices`."""

    def __init__(
        self, name: str, cluster: Cluster, urls: Sequence[str], first: int, count: int, seed: int
    ) -> None:
        plan = {"folder": str(cluster.folder), "name": name, "urls": urls, "seed": seed}
        plan |= {"users": str(cluster.users), "first": first, "count": count}
        log = cluster.folder / f"clients-{name}.log"
        env = os.environ | {"SSL_CERT_FILE": str(cluster.trusted)}
        super().__init__("tests.faults.client", json.dumps(plan), log=log, env=env)


def libfaketime() -> Path:
    """Find libfaketime; raises ServerMissing, saying what to install."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        raise ServerMissing(
            "Stepping a node's clock needs libfaketime: `apt-get install faketime`, "
            "or leave it out with --without node-clock."
        )
    return found[0]


def through(url: str, port: int) -> str:
    """Return the URL of a store on this machine as it is reached by another port."""
    return re.sub(r"(@|//)127\.0\.0\.1:\d+", rf"\g<1>127.0.0.1:{port}", url, count=1)


def _tracebacks(log: str) -> str:
    start = log.find("Traceback (most recent call last)")
    return log[max(0, start - 300) : start + 1500] if start >= 0 else ""
