"""Simulate the return of clients after a loss, tick by tick, from a seed. Pure.

Clients come in groups of the same tick. Nodes take what their cores have to spare beside those who
are connected, and PostgreSQL too; the door of each node refuses the others, who come back after
`Retry-After`, or with a limit that doubles where they cannot read it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import ceil
from random import Random
from typing import NamedTuple

from bench.scale.chance import some, spread
from bench.scale.deployment import Deployment
from bench.scale.needs import READS, Needs
from bench.scale.units import Units
from realtime.client.policy import BASE_SECONDS, CEILING_SECONDS
from realtime.core.resume import snapshots_within_ms
from realtime.options import Options

TICK = 0.1
RETRY_AFTER = (1.0, 5.0)
BROWSERS = 0.3  # of the clients, which cannot read `Retry-After`
LAST_SECONDS = 1200.0
MAX_ATTEMPTS = 6  # with more the limit of the wait is the same


Kind = tuple[bool, int]  # True for a browser; the attempts so far
Waiting = defaultdict[int, defaultdict[Kind, int]]  # by tick


class Back(NamedTuple):
    """The result: seconds until shares of the clients were back, from the moment they notice."""

    away: int
    most: float  # until 99 in 100 are back
    all: float  # infinite if some are not after LAST_SECONDS
    refused: int
    logins: float  # a second, at most
    by: str  # the bottleneck: the pace of clients, nodes, or PostgreSQL


class Room(NamedTuple):
    """The spare capacity of the nodes and of PostgreSQL, in logins a second."""

    nodes: float
    postgres: float
    per_refusal: float  # logins that a refusal costs

    @property
    def logins(self) -> float:
        return min(self.nodes, self.postgres)


def room(
    units: Units, deployment: Deployment, needs: Needs, nodes: int, away: float, starts: bool
) -> Room:
    """Return what there is to spare in the busiest minute, while `away` of the sockets are away.

    With `starts` each who comes back also asks for what an app asks for at its start.
    """
    load = needs.busiest.nodes * (1 - away)
    more = READS if starts else 0
    a_login = units.login_us + more * units.read_us
    on_postgres = units.login_postgres_us + more * units.read_postgres_us
    cores = needs.postgres * deployment.postgres_cores
    return Room(
        nodes=max(0.0, nodes - load) * 1e6 / a_login,
        postgres=max(0.0, cores - needs.postgres_cores) * 1e6 / on_postgres,
        per_refusal=units.refusal_us / a_login,
    )


def come_back(random: Random, count: int, room: Room, within: float) -> Back:
    """Let `count` clients come, first within some seconds of each other."""
    waiting: Waiting = defaultdict(lambda: defaultdict(int))
    browsers = some(random, count, BROWSERS)
    _spread(random, waiting, browsers, 0, within, (True, 1))
    _spread(random, waiting, count - browsers, 0, within, (False, 1))
    longest = int(room.logins * Options().login_wait_seconds)  # of the queues before the doors
    back = refused = queued = tick = 0
    most = highest = spare = 0.0
    while back < count and tick * TICK < LAST_SECONDS:
        coming: Mapping[Kind, int] = waiting.pop(tick, {})
        asking = sum(coming.values())
        spare = min(spare, room.logins * TICK) + room.logins * TICK
        taken = min(queued + asking, int(max(0.0, spare)))
        spare -= taken
        turned = max(0, queued + asking - taken - longest)
        queued += asking - taken - turned
        spare -= turned * room.per_refusal
        refused, back, highest = refused + turned, back + taken, max(highest, taken / TICK)
        tick += 1
        if turned:
            _refuse(random, waiting, coming, asking, turned, tick)
        if not most and back >= count * 0.99:
            most = tick * TICK
    whole = tick * TICK if back == count else float("inf")
    return Back(count, most or whole, whole, refused, highest, _bound(room, refused))


def _bound(room: Room, refused: int) -> str:
    if not refused:
        return "clients"
    return "nodes" if room.nodes <= room.postgres else "PostgreSQL"


def _spread(
    random: Random, waiting: Waiting, count: int, tick: int, within: float, kind: Kind
) -> None:
    """Let clients come evenly over some seconds from a tick on."""
    for place, those in spread(random, count, max(1, round(within / TICK))):
        waiting[tick + place][kind] += those


def _refuse(
    random: Random,
    waiting: Waiting,
    coming: Mapping[Kind, int],
    asking: int,
    turned: int,
    tick: int,
) -> None:
    """Schedule the next try of refused clients, of each kind its share."""
    left = turned
    for place, (kind, those) in enumerate(sorted(coming.items())):
        part = left if place == len(coming) - 1 else min(left, round(turned * those / asking))
        left -= part
        is_browser, attempts = kind
        if is_browser:
            limit = min(CEILING_SECONDS, BASE_SECONDS * 2**attempts)
            _spread(random, waiting, part, tick, limit, (True, min(attempts + 1, MAX_ATTEMPTS)))
        else:
            low, high = RETRY_AFTER
            first, within = tick + ceil(low / TICK), high - low + BASE_SECONDS
            _spread(random, waiting, part, first, within, kind)


class Incident(NamedTuple):
    """Something that happens in the busiest minute, and how clients come back."""

    name: str
    back: Back


def incidents(units: Units, deployment: Deployment, needs: Needs, seed: int) -> list[Incident]:
    """Play the loss of a node, of a zone, of all nodes, and a failover of PostgreSQL."""
    sockets, nodes = round(needs.busiest.minute.sockets), needs.nodes
    zone = ceil(nodes / deployment.zones)
    found = []
    for name, lost in (("one node is killed", 1), ("one zone is away", zone)):
        left = nodes - lost
        if left:
            share = lost / nodes
            spare = room(units, deployment, needs, left, share, starts=False)
            back = come_back(Random(f"{seed} {name}"), round(sockets * share), spare, BASE_SECONDS)
            found.append(Incident(name, back))
    everybody = room(units, deployment, needs, nodes, 1.0, starts=True)
    name = "all nodes begin anew"
    found.append(
        Incident(name, come_back(Random(f"{seed} {name}"), sockets, everybody, BASE_SECONDS))
    )
    return found


class Failover(NamedTuple):
    """A failover that begins a new epoch: every client takes a snapshot."""

    snapshots: int
    node_seconds: float  # of CPU, of each node
    postgres_seconds: float  # of CPU, of each core
    seconds: float  # until all have theirs: spread, and with what the busiest minute leaves


def failover(units: Units, deployment: Deployment, needs: Needs) -> Failover:
    """Return the seconds that the snapshots of all connected users take."""
    snapshots = round(needs.busiest.minute.sockets)
    spare = max(1e-9, needs.nodes - needs.busiest.nodes)
    cores = needs.postgres * deployment.postgres_cores
    left = max(1e-9, cores - needs.postgres_cores)
    told = snapshots_within_ms(round(snapshots / needs.nodes)) / 1000
    on_nodes = snapshots * units.snapshot_us / 1e6
    on_postgres = snapshots * units.snapshot_postgres_us / 1e6
    return Failover(
        snapshots=snapshots,
        node_seconds=on_nodes / needs.nodes,
        postgres_seconds=on_postgres / cores,
        seconds=max(on_nodes / spare, on_postgres / left, told),
    )


class Rolling(NamedTuple):
    """A rolling deployment, `at_once` nodes at a time."""

    at_once: int
    seconds: float
    logins: float  # a second, on the nodes that stay
    node_busy: float  # share of a core of the nodes that stay


DRAIN_DELAY, READY_SECONDS = 3.0, 10.0  # as docs/production.md advises; until a new node is used


def rolling(units: Units, deployment: Deployment, needs: Needs, share: float) -> Rolling:
    """Replace all nodes, `share` of them at a time; each drains, then its successor is ready."""
    nodes, sockets = needs.nodes, needs.busiest.minute.sockets
    at_once = max(1, int(nodes * share))
    steps = ceil(nodes / at_once)
    spread = Options().drain_seconds + Options().reconnect_after_ms / 1000
    logins = sockets * at_once / nodes / spread
    stay = max(1, nodes - at_once)
    busy = (needs.busiest.nodes + logins * units.login_us / 1e6) / stay
    return Rolling(at_once, steps * (DRAIN_DELAY + spread + READY_SECONDS), logins, busy)
