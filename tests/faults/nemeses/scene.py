"""Say what a nemesis may touch, and keep the list of them all."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.cluster import Clients, Cluster, Node
from tests.services.store import Store


@dataclass(frozen=True)
class Stall:
    """Devices that read nothing until a moment."""

    until: float
    devices: Sequence[str]


@dataclass
class Scene:
    """The parts of a run that a nemesis may touch.

    `reasons` notes why, and since when, a device may be told to resynchronise; `problems`
    what was found wrong on the way; `stalls` which devices did not read.
    """

    cluster: Cluster
    clients: Sequence[Clients]
    rng: random.Random
    reasons: dict[str, float]
    problems: list[str]
    number: int = 0
    stalls: list[Stall] = field(default_factory=list)

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

    def stall(self, seconds: float, count: int) -> list[int]:
        """Let some devices of each process read nothing for a while; return their users."""
        until = time.monotonic() + seconds
        answers = [each.ask("stall", seconds=seconds, count=count) for each in self.clients]
        devices = [name for answer in answers for name in answer["devices"]]
        self.stalls.append(Stall(until, devices))
        return sorted({user for answer in answers for user in answer["users"]})

    def burst(self, users: Sequence[int], seconds: float = 0.0) -> None:
        """Publish a lot to some users; see `Cluster.burst`."""
        self.number += 1
        self.cluster.burst(f"b{self.number}", users, self.rng.randrange(10**6), seconds)

    def freeze(self, store: Store, shortest: float, longest: float) -> None:
        """Let a store do nothing for a while, with its connections open."""
        store.freeze()
        self.hold(shortest, longest)
        store.thaw()

    def kill(self, store: Store, shortest: float, longest: float) -> None:
        """Kill a store, and start it after a while."""
        store.kill()
        self.hold(shortest, longest)
        store.start()

    def hold(self, shortest: float, longest: float) -> None:
        """Leave it broken for a while."""
        time.sleep(self.rng.uniform(shortest, longest))


Nemesis = Callable[[Scene], None]
NEMESES: dict[str, Nemesis] = {}
ON_SQLITE: list[str] = []
ON_PGBOUNCER: list[str] = []  # those that a cluster behind PgBouncer has besides
ON_REDIS: dict[str, str] = {}  # the arrangement that a nemesis needs


def nemesis(
    name: str, *, sqlite: bool = False, pgbouncer: bool = False, redis: str = ""
) -> Callable[[Nemesis], Nemesis]:
    """Register a nemesis; `sqlite` ones need no service, `pgbouncer` ones a pooler.

    `redis` is the arrangement of Redis that it needs; see `Cluster`.
    """

    def register(function: Nemesis) -> Nemesis:
        NEMESES[name] = function
        if sqlite:
            ON_SQLITE.append(name)
        if pgbouncer:
            ON_PGBOUNCER.append(name)
        if redis:
            ON_REDIS[name] = redis
        return function

    return register
