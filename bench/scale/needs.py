"""The needs of a deployment in its busiest minute: nodes, cores, rows, wake-ups, memory. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from bench.scale.day import Minute, play
from bench.scale.deployment import Deployment
from bench.scale.units import Units
from realtime.options import Options

PAYMENT_EVENTS = 5  # of a payment over HTTP
READS = 4  # hot reads at the start of an app
ITEMS = 200  # events in one message to all nodes
MOST_NODES = 10_000  # nothing is looked for beyond
CANARY_SECONDS = 2.0
RETENTION_SECONDS = 600.0
MOST_EVENTS, ROUND_SECONDS = 1000, 600.0  # of a look at the log, as realtime.hub.reconcile has it
POOL = 16  # DATABASE_POOL_SIZE
KIB, GIB, TIB = 2**10, 2**30, 2**40


class Wakeups(NamedTuple):
    """Wake-ups a second: published to Redis, and read by all nodes together."""

    published: float
    read: float
    node_cores: float  # of all nodes, for events of users whom they do not serve
    redis_cores: float


class Spent(NamedTuple):
    """Cores that a minute takes, and what is read and written in it, a second."""

    minute: Minute
    nodes: float  # of all nodes, without what is for users of others
    publishers: float  # of services and jobs beside the nodes
    postgres: float
    redis: float  # without wake-ups
    rows_read: float
    rows_written: float
    transactions: float


class Needs(NamedTuple):
    """The needs of a deployment."""

    busiest: Spent
    nodes: int
    nodes_why: str
    node_mib: float  # of each, with its sockets
    node_busy: float  # share of a core in the busiest minute
    node_busy_zone_lost: float
    only_followers: Wakeups
    to_all: Wakeups
    crossing: int  # nodes from which telling all costs more CPU
    to_all_busy: float  # share of each node's core if all nodes were told all
    redis: int
    redis_cores: float
    redis_mib: float
    postgres: int
    postgres_why: str
    postgres_cores: float
    publishers: int
    rows_a_day: float
    rows_kept: float
    log_tib: float
    wal_gib_a_day: float
    sessions: int
    retention_seconds: float
    retention_streams: int


def mailed_a_minute(units: Units, deployment: Deployment) -> float:
    """Return how many users a mailing reaches in a minute: one publisher's pace, or as asked."""
    alone = 60e6 / units.mailed_wall_us
    return max(alone, deployment.users / deployment.mailed_within * 60)


def needs(
    units: Units, deployment: Deployment, seed: int, minutes: Sequence[int] | None = None
) -> Needs:
    """Play the minutes, by default a day, and size everything for the busiest of them."""
    day = list(play(deployment, seed, mailed_a_minute(units, deployment), minutes))
    guess = max(1, ceil(deployment.peak_sockets / deployment.node_sockets))
    every = [spent(units, deployment, minute, guess) for minute in day]
    busiest = max(every, key=lambda each: each.nodes)
    busy = {
        "sockets": deployment.peak_sockets / deployment.node_sockets,
        "memory": _memory(units, deployment),
        "CPU": busiest.nodes / deployment.busy,
    }
    least = {name: _nodes(deployment, name, value) for name, value in busy.items()}
    why = max(busy, key=lambda name: (least[name], busy[name]))
    nodes = deployment.nodes or least[why]
    busiest = spent(units, deployment, busiest.minute, nodes)
    followers = wakeups(units, busiest.minute, nodes)
    to_all = wakeups_to_all(units, busiest.minute, nodes)
    left = without_a_zone(deployment, nodes)
    rows = deployment.users * (deployment.events + deployment.mailings) + deployment.announcements
    kept = rows * deployment.retention_days
    log = kept * units.event_bytes / TIB
    postgres = max(spent(units, deployment, each.minute, nodes).postgres for each in every)
    shards = {
        "CPU": postgres / deployment.postgres_cores / deployment.busy,
        "disk": log / deployment.postgres_tib / 0.5,
    }
    shards_why = max(shards, key=lambda name: shards[name])
    redis_cores = busiest.redis + followers.redis_cores
    followed = deployment.users * deployment.connected * deployment.devices
    redis_bytes = followed * units.group_bytes
    redis = max(redis_cores / deployment.busy, redis_bytes / GIB / deployment.redis_gib / 0.5)
    mailing = deployment.users * units.mailed_wall_us / 1e6
    streams = deployment.users
    return Needs(
        busiest=busiest,
        nodes=nodes,
        nodes_why=why,
        node_mib=(units.process_kib + deployment.peak_sockets / nodes * units.socket_kib) / KIB,
        node_busy=busiest.nodes / nodes,
        node_busy_zone_lost=busiest.nodes / left if left else float("inf"),
        only_followers=followers,
        to_all=to_all,
        crossing=crossing(units, busiest.minute),
        to_all_busy=to_all.node_cores / nodes,
        redis=deployment.redis or max(1, ceil(redis)),
        redis_cores=redis_cores,
        redis_mib=redis_bytes / 2**20,
        postgres=deployment.postgres or max(1, ceil(shards[shards_why])),
        postgres_why=shards_why,
        postgres_cores=postgres,
        publishers=max(1, ceil(mailing / deployment.mailed_within)),
        rows_a_day=rows,
        rows_kept=kept,
        log_tib=log,
        wal_gib_a_day=rows * units.wal_bytes / GIB,
        sessions=nodes * POOL,
        retention_seconds=(
            streams * units.scan_wall_us + rows / 86_400 * RETENTION_SECONDS * units.trim_wall_us
        ) / 1e6,
        retention_streams=streams,
    )  # fmt: skip


def spent(units: Units, deployment: Deployment, minute: Minute, nodes: int) -> Spent:
    """Return the cost of a minute on `nodes` nodes, without wake-ups."""
    logins, payments = minute.logins / 60, minute.payments / 60
    deliveries, mailed = minute.deliveries / 60, minute.mailed / 60
    others = max(0.0, minute.events / 60 - payments * PAYMENT_EVENTS)
    counts = deliveries * deployment.notices
    acks, starts = deliveries * deployment.acks, logins
    prices = minute.sockets * deployment.rooms * deployment.prices
    rows = rows_read(deployment, minute, nodes)
    on_nodes = (
        logins * units.login_us
        + starts * (READS * units.read_us + deployment.snapshots * units.snapshot_us)
        + payments * units.payment_us
        + deliveries * _own_us(units, deployment)
        + minute.mail_deliveries / 60 * units.mail_us
        + acks * units.ack_us
        + prices * units.calm_us
        + minute.announced * minute.sockets / 60 * units.calm_us
        + minute.sockets * units.socket_idle_us
    )
    a_day = deployment.users * (deployment.events + deployment.mailings)
    on_postgres = (
        logins * units.login_postgres_us
        + starts
        * (READS * units.read_postgres_us + deployment.snapshots * units.snapshot_postgres_us)
        + payments * units.payment_postgres_us
        + others * units.append_postgres_us
        + counts * max(0.0, units.notice_postgres_us - units.append_postgres_us)
        + mailed * units.mailed_postgres_us
        + acks * units.ack_postgres_us
        + rows * units.head_postgres_us
        + nodes * units.node_postgres_us
        + a_day / 86_400 * units.trim_us
        + deployment.users / RETENTION_SECONDS * units.scan_us  # one node does it for all
    )
    return Spent(
        minute=minute,
        nodes=on_nodes / 1e6,
        publishers=(others * units.append_us + mailed * units.mailed_us) / 1e6,
        postgres=on_postgres / 1e6,
        redis=(starts * READS * units.read_redis_us + 2 * logins * units.join_redis_us) / 1e6,
        rows_read=rows,
        rows_written=minute.events / 60 + mailed,
        transactions=payments + others,
    )


def _own_us(units: Units, deployment: Deployment) -> float:
    """Return what the delivery of an own event costs a node, counts of notifications included."""
    return (1 - deployment.notices) * units.own_us + deployment.notices * units.notice_us


def rows_read(deployment: Deployment, minute: Minute, nodes: int) -> float:
    """Return the rows a second that nodes read to be sure that they have missed nothing.

    A node looks after a random part of `reconcile_calm_seconds`, at least half. It reads the
    events since its last look and where their streams stand, or where all its streams stand if
    these are fewer. A slow round looks at all of them, and another one at the rights of all users.
    """
    seconds = Options().reconcile_calm_seconds * 0.75
    followed = minute.sockets / nodes + 1  # a stream each, and the announcements
    events = (minute.events + minute.mailed) / 60 * seconds
    a_look = min(2 * events, followed) if events > MOST_EVENTS else 2 * events
    of_streams = nodes * (a_look / seconds + followed / ROUND_SECONDS)
    return of_streams + minute.sockets / deployment.devices / Options().recheck_seconds


def wakeups(units: Units, minute: Minute, nodes: int) -> Wakeups:
    """Return the wake-ups where each goes only to the nodes that follow its stream."""
    published = (minute.events + minute.mailed) / 60
    canaries = nodes / CANARY_SECONDS
    read = (minute.deliveries + minute.mail_deliveries) / 60
    redis = (published + canaries) * units.wake_redis_us + (read + canaries) * units.woken_redis_us
    return Wakeups(published, read, 0.0, redis / 1e6)


def wakeups_to_all(units: Units, minute: Minute, nodes: int) -> Wakeups:
    """Return the wake-ups where all nodes are told of every event, mailings in large messages."""
    events, mailed = minute.events / 60, minute.mailed / 60
    published = events + mailed / ITEMS
    redis = published * (units.wake_redis_us + nodes * units.woken_redis_us)
    on_nodes = nodes * (events * units.away_us + mailed * units.away_us)
    return Wakeups(published, nodes * (events + mailed), on_nodes / 1e6, redis / 1e6)


def crossing(units: Units, minute: Minute) -> int:
    """Return the number of nodes from which telling all costs more CPU than telling followers.

    The CPU of Redis, of the nodes and of who publishes, which sends one message or many.
    """

    def cores(found: Wakeups) -> float:
        return found.redis_cores + found.node_cores + found.published / units.wakes

    for nodes in range(1, MOST_NODES):
        if cores(wakeups_to_all(units, minute, nodes)) > cores(wakeups(units, minute, nodes)):
            return nodes
    return MOST_NODES


def without_a_zone(deployment: Deployment, nodes: int) -> int:
    """Return the nodes that are left when the zone with most of them is away."""
    return nodes - ceil(nodes / deployment.zones)


def _nodes(deployment: Deployment, why: str, value: float) -> int:
    """Return the nodes that so much needs. Sockets have a place also while a zone is away."""
    least = max(1, ceil(value - 1e-9))
    if why == "CPU" or deployment.zones == 1:
        return least
    nodes = least
    while without_a_zone(deployment, nodes) < least:
        nodes += 1
    return nodes


def _memory(units: Units, deployment: Deployment) -> float:
    """Return the nodes whose memory the sockets fill."""
    free = deployment.node_mib * KIB - units.process_kib
    if free <= 0:
        raise ValueError(f"node_mib: {deployment.node_mib:g} is less than a process takes")
    return deployment.peak_sockets * units.socket_kib / free
