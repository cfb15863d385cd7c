"""One run: start everything, break one thing after the other, heal, let all catch up, check."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from realtime.options import Options
from tests.faults import truth
from tests.faults.catching_up import catch_up, heads, until_acked
from tests.faults.checker import Checker, check
from tests.faults.cluster import Clients, Cluster, buggy, libfaketime
from tests.faults.nemeses import NEMESES, ON_PGBOUNCER, ON_REDIS, ON_SQLITE, Scene, Stall
from tests.services.balancer import KINDS
from tests.services.ports import wait_until
from tests.services.proof import plan as proof

DEVICES_A_PROCESS = 150
WHOLE_SECONDS = (0.3, 1.0)  # before each fault
CATCH_UP_SECONDS = 10.0  # p99 of the devices that a fault left behind
# Less than in production, so that readers which stall for some seconds are felt.
SETTINGS = {
    "WS_MAX_CONNECTIONS_PER_USER": "50",
    "WS_MAX_BUFFER_BYTES": str(32 * 1024),
    "WS_STUCK_AFTER_SECONDS": "4",
    # More than in production: the more a device says in a burst, the more of it meets the burst.
    "WS_MAX_MESSAGES_PER_SECOND": "200",
    "WS_MAX_MESSAGE_BURST": "400",
    "WS_MAX_MESSAGES_PER_SECOND_PER_USER": "1000",
    # Less than in production: what nothing shows, such as a producer that dies, takes so long.
    "WS_RECONCILE_CALM_SECONDS": "10",
    # As in production, where the other tests bear with a busy machine.
    "WS_LOGIN_WAIT_SECONDS": str(Options().login_wait_seconds),
}


@dataclass(frozen=True)
class Plan(proof.Plan):
    """The plan of a run."""

    faults: int = 60
    seconds: float = 0.0  # go on until then, if that is longer
    pooled: bool = False  # everybody reaches PostgreSQL through PgBouncer
    redis: str = "one"  # or sentinel, or shards
    nodes: int = 3
    clients: int = 300
    rate: float = 150.0  # events a second, of all producers
    events: int = 0  # go on until this number is committed
    patience: float = 30.0  # seconds for all devices to catch up after a fault

    def describe(self) -> str:
        """Tell plans apart, for people."""
        settings = [f"{name}={value}" for name, value in self.env.items()]
        return ", ".join(
            [f"{self.faults} of {'/'.join(self.nemeses)}", f"{self.rate:g}/s", *settings]
        )


@dataclass
class Fault:
    """One fault: the time of its healing, and the result of the devices' catching up."""

    name: str
    seconds: float
    healed_at: float
    caught_up: bool


@dataclass
class Outcome:
    """A run's faults and what the checker found."""

    plan: Plan
    faults: list[Fault]
    checker: Checker
    problems: list[str]
    seconds: float
    stalls: Sequence[Stall] = ()

    @property
    def clean(self) -> bool:
        return (
            self.checker.verdict.clean
            and not self.problems
            and not self.unused
            and all(fault.caught_up for fault in self.faults)
        )

    @property
    def in_time(self) -> bool:
        """Say whether devices had caught up as soon as they should after a fault."""
        return (
            percentile(self.catch_up(), 0.99) <= CATCH_UP_SECONDS
            and percentile(self.stalled(), 1.0) <= CATCH_UP_SECONDS
        )

    @property
    def unused(self) -> list[str]:
        """Return what the run was to do and did not, without which its verdict says little."""
        figures, done = self.checker.verdict.figures, {fault.name for fault in self.faults}
        missing = [name for name in chosen(self.plan) if name not in done]
        found = [f"no {name}" for name in missing if len(self.faults) >= len(chosen(self.plan))]
        found += [f"nothing {name}" for name in ("delivered", "acked") if not figures.get(name)]
        if figures["devices"] != self.plan.clients:
            found.append(f"{figures['devices']} of {self.plan.clients} devices")
        return found

    def catch_up(self) -> list[float]:
        """Return the seconds of each device that a fault left behind, after each, sorted."""
        return sorted(
            took
            for fault in self.faults
            for took in self.checker.caught_up(fault.healed_at).values()
        )

    def stalled(self) -> list[float]:
        """Return the seconds that each reader was still behind after each of its stalls, sorted."""
        return sorted(
            behind.get(device, 0.0)
            for stall in self.stalls
            for behind in [self.checker.caught_up(stall.until)]
            for device in stall.devices
        )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the sorted ones do not exceed; 0 of none."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def chosen(plan: Plan) -> list[str]:
    """Return the names to choose from."""
    there = [name for name in NEMESES if plan.pooled or name not in ON_PGBOUNCER]
    there = [name for name in there if _is_possible(name, plan.redis)]
    names = list(plan.nemeses) or (ON_SQLITE if plan.store == "sqlite" else there)
    if unknown := set(names) - NEMESES.keys():
        raise ValueError(f"no such nemesis: {', '.join(sorted(unknown))}")
    return names


def _is_possible(name: str, redis: str) -> bool:
    """Say whether the arrangement of Redis is the one that a nemesis needs."""
    if name.startswith("redis-") or name == "deaf-node":
        return redis == "one"
    return ON_REDIS.get(name, redis) == redis


def run(plan: Plan, folder: Path, say: Callable[[str], None] = print) -> Outcome:
    """Carry out a plan, with all its files in `folder`."""
    rng = random.Random(plan.seed)
    names = chosen(plan)
    env = {**SETTINGS, **plan.env, **buggy(plan.bug)}
    began = time.monotonic()
    if "node-clock" in names:
        libfaketime()  # now, and not after an hour
    cluster = Cluster(
        store=plan.store,
        nodes=plan.nodes if plan.store == "postgres" else 1,
        users=max(2, plan.clients * 2 // 3),  # so that some have two devices
        folder=folder,
        env=env,
        pooled=plan.pooled,
        redis=plan.redis,
    )
    with contextlib.closing(cluster), contextlib.ExitStack() as stack:
        for kind in KINDS:
            if f"roll-behind-{kind}" in names:
                cluster.stand_behind(kind)
        cluster.start()
        clients = _clients(plan, cluster, stack)
        for number in range(plan.producers):
            cluster.produce(f"p{number}", plan.seed * 100 + number, plan.rate / plan.producers)
        wait_until(cluster.producing, seconds=20, what="producers publish")
        scene = Scene(cluster, clients, rng, {}, [])
        faults = list(_break(plan, names, scene, began, say))
        cluster.stop_producers()
        catch_up(cluster, clients, plan.patience)
        with contextlib.suppress(TimeoutError):  # the checker judges what is missing then
            until_acked(clients)
        for one in clients:
            one.end()
        problems = scene.problems + truth.corruption(cluster.database_url) + cluster.problems()
        checker = check(cluster.database_url, folder, scene.reasons)
    return Outcome(plan, faults, checker, problems, time.monotonic() - began, scene.stalls)


def _clients(plan: Plan, cluster: Cluster, stack: contextlib.ExitStack) -> list[Clients]:
    urls = [node.url for node in cluster.nodes]
    clients = []
    for first in range(0, plan.clients, DEVICES_A_PROCESS):
        count = min(DEVICES_A_PROCESS, plan.clients - first)
        one = Clients(f"c{first}", cluster, urls, first, count, plan.seed)
        clients.append(stack.enter_context(one))
    return clients


def _break(
    plan: Plan, names: Sequence[str], scene: Scene, began: float, say: Callable[[str], None]
) -> Iterator[Fault]:
    """Break things until all of the plan's aims are reached; yields each fault."""
    number = 0
    waiting: list[str] = []
    while True:
        too_few = committed(scene.cluster) < plan.events
        busy = time.monotonic() - began < plan.seconds or too_few
        if number >= plan.faults and not busy:
            return
        if not waiting:  # each once, in a new order, before any comes again
            waiting = list(names)
            scene.rng.shuffle(waiting)
        number += 1
        name = waiting.pop()
        time.sleep(scene.rng.uniform(*WHOLE_SECONDS))
        started = time.monotonic()
        NEMESES[name](scene)
        healed_at = time.monotonic()
        caught_up = catch_up(scene.cluster, scene.clients, plan.patience)
        took = time.monotonic() - healed_at
        how = f"all caught up {took:4.1f} s later" if caught_up else "NOT CAUGHT UP"
        say(
            f"[{time.monotonic() - began:4.0f} s] {number:3} {name:<20} "
            f"{healed_at - started:4.1f} s, {how}, {committed(scene.cluster):6} events"
        )
        yield Fault(name, healed_at - started, healed_at, caught_up)


def committed(cluster: Cluster) -> int:
    """Return how many events have been committed so far."""
    return sum(head for _, head in heads(cluster).values())
