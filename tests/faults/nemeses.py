"""What is broken: each function breaks one thing, waits as long as it says, and heals it."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


@nemesis("redis-kill")
def kill_redis(scene: Scene) -> None:
    redis = scene.cluster.redis
    assert redis is not None
    redis.kill()
    scene.hold(0, 2)
    redis.start()


@nemesis("redis-restart")
def restart_redis(scene: Scene) -> None:
    redis = scene.cluster.redis
    assert redis is not None
    redis.stop()
    redis.start()


@nemesis("redis-freeze")
def freeze_redis(scene: Scene) -> None:
    redis = scene.cluster.redis
    assert redis is not None
    redis.freeze()
    scene.hold(1, 5)
    redis.thaw()


@nemesis("redis-flushall")
def flush_redis(scene: Scene) -> None:
    assert scene.cluster.redis is not None
    scene.cluster.redis.flush()


@nemesis("redis-client-kill")
def kill_redis_clients(scene: Scene) -> None:
    assert scene.cluster.redis is not None
    kind = scene.rng.choice(("pubsub", "normal"))
    with redis_client.Redis.from_url(scene.cluster.redis.url) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")


# -- PostgreSQL


@nemesis("postgres-kill")
def kill_postgres(scene: Scene) -> None:
    postgres = scene.cluster.postgres
    assert postgres is not None
    postgres.kill()
    scene.hold(0, 2)
    postgres.start()


@nemesis("postgres-restart")
def restart_postgres(scene: Scene) -> None:
    postgres = scene.cluster.postgres
    assert postgres is not None
    postgres.stop()
    postgres.start()


@nemesis("postgres-terminate")
def terminate_backends(scene: Scene) -> None:
    assert scene.cluster.postgres is not None
    with psycopg.connect(scene.cluster.postgres.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )


# -- links


def _link(scene: Scene) -> Proxy:
    """Choose one link of one node, or that of the producers to PostgreSQL."""
    node = scene.node
    proxies = list(node.proxies.values())
    if scene.cluster.publishing is not None:
        proxies.append(scene.cluster.publishing)
    return scene.rng.choice(proxies)


@nemesis("link-delay", sqlite=True)
def delay_link(scene: Scene) -> None:
    proxy = _link(scene)
    proxy.delay = scene.rng.choice((0.005, 0.05, 0.3))
    scene.hold(1, 3)
    proxy.heal()


@nemesis("link-slice", sqlite=True)
def slice_link(scene: Scene) -> None:
    proxy = _link(scene)
    proxy.slice_bytes = scene.rng.choice((7, 100))
    scene.hold(0.5, 1.5)
    proxy.heal()


@nemesis("link-reset", sqlite=True)
def reset_link(scene: Scene) -> None:
    _link(scene).reset_all()


@nemesis("link-half-open", sqlite=True)
def half_open_link(scene: Scene) -> None:
    proxy = _link(scene)
    proxy.half_open()
    scene.hold(2, 5)
    proxy.heal()


@nemesis("link-black-hole", sqlite=True)
def black_hole_link(scene: Scene) -> None:
    proxy = _link(scene)
    proxy.black_hole()
    scene.hold(2, 5)
    proxy.heal()


@nemesis("link-refuse", sqlite=True)
def refuse_link(scene: Scene) -> None:
    proxy = _link(scene)
    proxy.refuse()
    scene.hold(0.5, 3)
    proxy.heal()


@nemesis("link-drop-after", sqlite=True)
def drop_link_after(scene: Scene) -> None:
    proxy = _link(scene)
    proxy.drop_after(scene.rng.randrange(20_000))
    scene.hold(1, 2)
    proxy.heal()


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
    users: set[int] = set()
    for clients in scene.clients:
        users.update(clients.ask(f"stall {seconds} 2")["users"])
    scene.number += 1
    began = time.monotonic()
    scene.cluster.burst(f"b{scene.number}", sorted(users), scene.rng.randrange(10**6))
    time.sleep(max(0.0, seconds - (time.monotonic() - began)))  # until they read again


@nemesis("filters-burst", sqlite=True)
def change_filters(scene: Scene) -> None:
    """Write much to devices that change their filters meanwhile, renew, and acknowledge."""
    users: set[int] = set()
    for clients in scene.clients:
        users.update(clients.ask(f"fidget {FIDGET_SECONDS + START_SECONDS} 8")["users"])
    scene.number += 1
    seed = scene.rng.randrange(10**6)
    scene.cluster.burst(f"b{scene.number}", sorted(users), seed, FIDGET_SECONDS)


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
    running = scene.cluster.begin("trim_events", "--keep", str(scene.rng.randrange(20, 100)))
    while running.poll() is None and truth.trimmed(scene.cluster.database_url) == before:
        time.sleep(0.005)
    scene.hold(0, 0.01)
    running.kill()
    running.wait()


@nemesis("epoch-bump")
def bump_epoch(scene: Scene) -> None:
    scene.excuse("epoch")
    scene.cluster.manage("bump_epoch", "--all")
