"""The users that one node, one PostgreSQL and one Redis carry, and the next step. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from bench.scale.deployment import BUSIEST_HOUR, Deployment
from bench.scale.needs import GIB, RETENTION_SECONDS, Needs, needs
from bench.scale.units import Units

FEWEST, MOST = 1_000, 1_000_000_000


class Limit(NamedTuple):
    """The limit of one resource, and the remedy beyond it; `used` is 1 where it is full."""

    name: str
    step: str
    used: Callable[[Units, Deployment, Needs], float]


def _node_sockets(units: Units, of: Deployment, found: Needs) -> float:
    return of.peak_sockets / of.node_sockets


def _node_cpu(units: Units, of: Deployment, found: Needs) -> float:
    return found.busiest.nodes / of.busy


def _sessions(units: Units, of: Deployment, found: Needs) -> float:
    return found.sessions / of.postgres_sessions


def _retention(units: Units, of: Deployment, found: Needs) -> float:
    return found.retention_seconds / RETENTION_SECONDS


def _postgres_cpu(units: Units, of: Deployment, found: Needs) -> float:
    return found.postgres_cores / of.postgres_cores / of.busy


def _disk(units: Units, of: Deployment, found: Needs) -> float:
    return found.log_tib / of.postgres_tib / 0.5


def _redis_cpu(units: Units, of: Deployment, found: Needs) -> float:
    return found.redis_cores / of.busy


def _redis_memory(units: Units, of: Deployment, found: Needs) -> float:
    return found.redis_mib * 2**20 / GIB / of.redis_gib / 0.5


def _mailing(units: Units, of: Deployment, found: Needs) -> float:
    return of.users * units.mailed_wall_us / 1e6 / of.mailed_within


LIMITS = (
    Limit("one node: CPU", "more nodes", _node_cpu),
    Limit("one node: sockets", "more nodes", _node_sockets),
    Limit("one PostgreSQL: sessions, without a pooler", "PgBouncer", _sessions),
    Limit("one PostgreSQL: disk of the log", "a shorter retention, then shards of users", _disk),
    Limit("one retention run in its ten minutes", "partitions by day", _retention),
    Limit("one mailing's publisher in its time", "several publishers", _mailing),
    Limit("one PostgreSQL: CPU", "readers, then shards of users", _postgres_cpu),
    Limit("one Redis: CPU", "several Redis by hash", _redis_cpu),
    Limit("one Redis: memory", "several Redis by hash", _redis_memory),
)


class Carried(NamedTuple):
    """The number of users that one resource carries."""

    limit: Limit
    users: int


def carried(units: Units, deployment: Deployment, seed: int) -> list[Carried]:
    """Return the limits in the order in which a growing deployment meets them."""
    known: dict[int, Needs] = {}

    def used(limit: Limit, users: int) -> float:
        of = replace(deployment, users=users, nodes=0, redis=0, postgres=0)
        if users not in known:
            known[users] = needs(units, of, seed, BUSIEST_HOUR)
        return limit.used(units, of, known[users])

    found = []
    for limit in LIMITS:
        low, high = FEWEST, MOST
        while high / low > 1.02:
            middle = round((low * high) ** 0.5)
            low, high = (middle, high) if used(limit, middle) <= 1 else (low, middle)
        found.append(Carried(limit, low))
    return sorted(found, key=lambda each: each.users)


def met(found: list[Carried], users: int) -> list[Carried]:
    """Return the limits that this many users exceed."""
    return [each for each in found if each.users < users]
