"""What is broken: each function breaks one thing, waits as long as it says, and heals it."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import redis as redis_client

from tests.faults import truth
from tests.faults.cluster import Clients, Cluster, Node
from tests.faults.proxy import Proxy


@dataclass
class Scene:
    """What a nemesis may touch.

    `reasons` notes why, and since when, a device may be told to resynchronise; `problems`
    what was found wrong on the way.
    """

    cluster: Cluster
    clients: Sequence[Clients]
    rng: random.Random
    reasons: dict[str, float]
    problems: list[str]
    number: int = 0

    def excuse(self, reason: str) -> None:
        """Let devices be told to resynchronise for this reason from now on."""
        self.reasons.setdefault(reason, time.monotonic())

    @property
    def node(self) -> Node:
        """A node, any."""
        return self.rng.choice(self.cluster.nodes)

    def store(self, kind: str) -> Any:
        """Redis or PostgreSQL, which this cluster has."""
        found = getattr(self.cluster, kind)
        assert found is not None
        return found

    def ask(self, verb: str, **options: float) -> list[int]:
        """Give a command to all clients; return the users whose devices it concerns."""
        answers = [clients.ask(verb, **options) for clients in self.clients]
        return sorted({user for answer in answers for user in answer["users"]})

    def burst(self, users: Sequence[int], seconds: float = 0.0) -> None:
        """Publish a lot to some users; see `Cluster.burst`."""
        self.number += 1
        self.cluster.burst(f"b{self.number}", users, self.rng.randrange(10**6), seconds)

    def hold(self, shortest: float, longest: float) -> None:
        """Leave it broken for a while."""
        time.sleep(self.rng.uniform(shortest, longest))


FIDGET_SECONDS = 4.0
START_SECONDS = 2.0  # of a producer, about
STALL_SECONDS = 8.0  # readers, at most: twice what a node bears with in these runs

Nemesis = Callable[[Scene], None]
NEMESES: dict[str, Nemesis] = {}
ON_SQLITE: list[str] = []


def nemesis(name: str, *, sqlite: bool = False) -> Callable[[Nemesis], Nemesis]:
    """Register a nemesis; `sqlite` ones need no service."""

    def register(function: Nemesis) -> Nemesis:
        NEMESES[name] = function
        if sqlite:
            ON_SQLITE.append(name)
        return function

    return register


# -- nodes


@nemesis("node-kill", sqlite=True)
def kill_node(scene: Scene) -> None:
    node = scene.node
    node.kill()
    scene.problems += truth.corruption(scene.cluster.database_url)
    scene.hold(0, 1)
    node.start()


@nemesis("node-restart", sqlite=True)
def restart_node(scene: Scene) -> None:
    node = scene.node
    node.stop()
    node.start()


@nemesis("node-freeze", sqlite=True)
def freeze_node(scene: Scene) -> None:
    node = scene.node
    node.signal(signal.SIGSTOP)
    scene.hold(1, 5)
    node.signal(signal.SIGCONT)


@nemesis("node-clock")
def step_clock(scene: Scene) -> None:
    """Move one node's clock by up to a day, there and back, while it serves."""
    node = scene.node
    node.step_clock(scene.rng.choice((-86_400, -3600, 3600, 86_400)))
    scene.hold(1, 3)
    node.step_clock(0)


# -- Redis


def nemeses_of_a_store(kind: str) -> None:
    """Register the ways in which Redis and PostgreSQL alike stop and come back."""

    @nemesis(f"{kind}-kill")
    def kill(scene: Scene) -> None:
        store = scene.store(kind)
        store.kill()
        scene.hold(0, 2)
        store.start()

    @nemesis(f"{kind}-restart")
    def restart(scene: Scene) -> None:
        store = scene.store(kind)
        store.stop()
        store.start()


nemeses_of_a_store("redis")


@nemesis("redis-freeze")
def freeze_redis(scene: Scene) -> None:
    redis = scene.store("redis")
    redis.freeze()
    scene.hold(1, 5)
    redis.thaw()


@nemesis("redis-flushall")
def flush_redis(scene: Scene) -> None:
    scene.store("redis").flush()


@nemesis("redis-client-kill")
def kill_redis_clients(scene: Scene) -> None:
    kind = scene.rng.choice(("pubsub", "normal"))
    with redis_client.Redis.from_url(scene.store("redis").url) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")


# -- PostgreSQL


nemeses_of_a_store("postgres")


@nemesis("postgres-terminate")
def terminate_backends(scene: Scene) -> None:
    with psycopg.connect(scene.store("postgres").url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )


# -- links


def _link(scene: Scene) -> Proxy:
    """Choose one link of one node, or that of the producers to PostgreSQL."""
    node = scene.node
    publishing = scene.cluster.publishing
    return scene.rng.choice([*node.proxies.values(), *([publishing] if publishing else [])])


def link_nemesis(
    name: str, harm: Callable[[Proxy, random.Random], object], shortest: float, longest: float
) -> None:
    """Register harm to one link, which heals after a while."""

    @nemesis(name, sqlite=True)
    def harm_link(scene: Scene) -> None:
        proxy = _link(scene)
        harm(proxy, scene.rng)
        scene.hold(shortest, longest)
        proxy.heal()


def _delay(proxy: Proxy, rng: random.Random) -> None:
    proxy.delay = rng.choice((0.005, 0.05, 0.3))


def _slice(proxy: Proxy, rng: random.Random) -> None:
    proxy.slice_bytes = rng.choice((7, 100))


link_nemesis("link-delay", _delay, 1, 3)
link_nemesis("link-slice", _slice, 0.5, 1.5)


@nemesis("link-reset", sqlite=True)
def reset_link(scene: Scene) -> None:
    _link(scene).reset_all()


link_nemesis("link-half-open", lambda proxy, rng: proxy.half_open(), 2, 5)
link_nemesis("link-black-hole", lambda proxy, rng: proxy.black_hole(), 2, 5)
link_nemesis("link-refuse", lambda proxy, rng: proxy.refuse(), 0.5, 3)
link_nemesis("link-drop-after", lambda proxy, rng: proxy.drop_after(rng.randrange(20_000)), 1, 2)


@nemesis("deaf-node")
def deafen_node(scene: Scene) -> None:
    """Swallow only what one node's subscriber hears, for as long as it takes to notice."""
    proxy = scene.node.proxies["redis"]
    proxy.deafen()
    scene.hold(5, 8)
    proxy.heal()


# -- clients


@nemesis("clients-drop", sqlite=True)
def drop_clients(scene: Scene) -> None:
    for clients in scene.clients:
        clients.ask("drop")


@nemesis("readers-stall", sqlite=True)
def stall_readers(scene: Scene) -> None:
    """Let some devices stop to read, and write them more than the kernel takes.

    They are held up, and read on from the log; those that stall for long are sent away.
    """
    seconds = scene.rng.choice((STALL_SECONDS / 2, STALL_SECONDS))
    users, began = scene.ask("stall", seconds=seconds, count=2), time.monotonic()
    scene.burst(users)
    time.sleep(max(0.0, seconds - (time.monotonic() - began)))  # until they read again


@nemesis("filters-burst", sqlite=True)
def change_filters(scene: Scene) -> None:
    """Write much to devices that change their filters meanwhile, renew, and acknowledge."""
    users = scene.ask("fidget", seconds=FIDGET_SECONDS + START_SECONDS, count=8)
    scene.burst(users, FIDGET_SECONDS)


# -- writers and the log itself


@nemesis("producer-kill", sqlite=True)
def kill_producer(scene: Scene) -> None:
    """Kill one in the middle of its work; another takes its place."""
    scene.number += 1
    name = scene.rng.choice(sorted(scene.cluster.producers))
    scene.cluster.replace_producer(name, by=f"p{scene.number + 100}")
    scene.problems += truth.corruption(scene.cluster.database_url)


@nemesis("trim-kill", sqlite=True)
def kill_trim(scene: Scene) -> None:
    """Kill a retention run once it has begun. Devices that are far behind may be told so."""
    scene.excuse("trimmed")
    before = truth.trimmed(scene.cluster.database_url)
    running = scene.cluster.begin("trim_events", "--keep", str(scene.rng.randrange(10, 60)))
    while running.exit_code is None and truth.trimmed(scene.cluster.database_url) == before:
        time.sleep(0.005)
    scene.hold(0, 0.01)
    running.kill()


@nemesis("epoch-bump")
def bump_epoch(scene: Scene) -> None:
    scene.excuse("epoch")
    scene.cluster.manage("bump_epoch", "--all")
