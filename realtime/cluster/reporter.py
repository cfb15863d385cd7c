"""Report this process to the registry of nodes, and run the periodic jobs.

`realtime.asgi` starts it with the server. `realtime.registry` reads what it writes. A failed report
delays nothing and is made good by the next.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from realtime import clock, garbage, jobs, log, registry
from realtime.cluster import listing, minutes, nodes_room, scrape
from realtime.cluster.epoch_watch import EpochWatch
from realtime.cluster.listing import Listed, as_listed, since, surplus
from realtime.cluster.minutes import Measured, Minutes
from realtime.db import threads
from realtime.hub.delays import Delayed
from realtime.hub.departures import Departed
from realtime.hub.hub import Hub, ensure
from realtime.hub.socket import Socket
from realtime.jobs import Job
from realtime.layer import send
from realtime.layer.trouble import trouble
from realtime.log import durability
from realtime.meters import meters, timed
from realtime.meters.names import register_clients
from realtime.models import Node
from realtime.protocol.codes import CloseCode
from realtime.retry import one_transaction
from realtime.sql import server_settings

logger = logging.getLogger(__name__)

REPORT_SECONDS = 2.0
COUNT_SECONDS = 10.0  # between two counts of the nodes
LEAVE_SECONDS = 5.0  # for the last report, as the database may be away
FORGET_AFTER = timedelta(minutes=10)
_PAGE_BYTES = resource.getpagesize()


class ClusterReporter:
    """Writes this node's row every REPORT_SECONDS, and deletes it at the end.

    The cost of a report grows with what has changed since the last, not with the open sockets.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._started = time.monotonic()
        self._before = (self._started, 0, 0)
        self.minutes = Minutes(hub)
        self._reported_at: float | None = None  # when the last stored report began
        self._to_count: set[int] = set()  # users who may have too many sockets on all nodes
        self._reporting: asyncio.Task[None] | None = None
        self._counted_at = -COUNT_SECONDS

    def measure(self) -> dict[str, Any]:
        """Read the counters. Call it on the event loop's thread."""
        then, was_in, was_out = self._before
        messages_in = sum(meters.messages_received.values())
        messages_out = sum(meters.messages_sent.values())
        now = time.monotonic()
        seconds = max(now - then, 0.001)
        self._before = (now, messages_in, messages_out)
        return {
            "host": socket.gethostname()[:200],
            "pid": os.getpid(),
            "version": settings.VERSION,
            "epoch": self._hub.epoch or "",
            "connections": len(self._hub.sockets),
            "users": len(self._hub.sockets.users),
            "rooms": self._hub.rooms.counts(),
            "messages_in": messages_in,
            "messages_out": messages_out,
            "in_per_second": round((messages_in - was_in) / seconds, 1),
            "out_per_second": round((messages_out - was_out) / seconds, 1),
            "dropped": send.sender.dropped,
            "slow_closed": meters.slow_closed,
            "foreign": self._hub.receiver.foreign,
            "layer_rebuilt": self._hub.receiver.rebuilt,
            "degraded": trouble.text[:200],
            "lag_ms": round(self._hub.lag_ms, 2),
            "rss_mb": round(_resident_bytes() / 1e6, 1),
        }

    async def report(self, *, is_last: bool = False) -> None:
        """Write the node's row, its connections, and how many sockets shared events reached.

        The last one writes the minute that has begun, too.
        """
        reached = dict(self._hub.reached)
        self._hub.reached.clear()
        changes = self._hub.sockets.roster.take()
        departed = self._hub.departures.take()
        delays = self._hub.delays.take()
        began = time.monotonic()
        report = _Report(
            node_id=self._hub.node_id,
            age=since(self._started),
            values=self.measure(),
            reached=[(*event, sockets) for event, sockets in reached.items() if sockets],
            listed=[
                as_listed(mine) for mine in (*changes.came.values(), *changes.changed.values())
            ],
            gone=sorted(changes.gone),
            departed=departed,
            delays=delays,
            minute=self.minutes.measure(),
            is_last=is_last,
        )
        try:
            known, minute = await threads.run(_store, report)
        except Exception as error:  # repeat it with the next report
            logger.warning("node report: %r", error)
            self._hub.reached.update(reached)
            self._hub.sockets.roster.put_back(changes)
            self._hub.departures.put_back(departed)
            self._hub.delays.put_back(delays)
        else:
            self.minutes.reported(report.minute, minute)
            self._to_count.update(row.user_id for row in report.listed if row.id in changes.came)
            self._look_after_silence(began)
            if not known:
                self._list_anew(changes.came)
            await self._close_surplus()
            await self._count_nodes()

    async def _count_nodes(self) -> None:
        """Tell the sender how many nodes serve: with many, it addresses each wake-up."""
        if time.monotonic() - self._counted_at < COUNT_SECONDS:
            return
        try:
            send.sender.nodes = await threads.run(Node.objects.filter(registry.alive()).count)
        except Exception as error:
            logger.warning("nodes not counted: %r", error)
        else:
            self._counted_at = time.monotonic()

    def _look_after_silence(self, began: float) -> None:
        """After a silence in which others thought this node dead, count all its users again.

        Measure from the start of the last report to now: others may have seen no less.
        """
        before, self._reported_at = self._reported_at, began
        silent = 0.0 if before is None else time.monotonic() - before
        if silent > registry.ALIVE_WITHIN.total_seconds():
            self._to_count.update(self._hub.sockets.users)

    def _list_anew(self, listed: Mapping[str, Socket]) -> None:
        """List all connections of this node again after others deleted its row.

        Skip those just listed. One added here that closes before the next report needs no delete.
        """
        for mine in [s for own in self._hub.sockets.users.values() for s in own]:
            if mine.connection.id not in listed:
                self._hub.sockets.roster.add(mine.connection.id, mine)

    async def _close_surplus(self) -> None:
        """Close surplus connections over all nodes; a failure is repeated with the next report."""
        users, self._to_count = self._to_count, set()
        most = self._hub.options.max_connections_per_user
        try:
            found = await threads.run(surplus, self._hub.node_id, sorted(users), most)
        except Exception as error:
            logger.warning("connections not counted over all nodes: %r", error)
            self._to_count |= users
            return
        for key, user_id in found:
            for mine in list(self._hub.sockets.users.get(user_id, ())):
                if mine.connection.id == key:
                    mine.close(CloseCode.TOO_MANY_CONNECTIONS)

    async def run(self) -> None:
        """Report until cancelled; a started report is always finished."""
        while True:
            self._reporting = asyncio.ensure_future(self.report())
            await asyncio.shield(self._reporting)
            await asyncio.sleep(REPORT_SECONDS)

    async def leave(self) -> None:
        """Delete the node from the registry, within LEAVE_SECONDS.

        Wait for a running report first: committed later, it would bring the row back.
        """
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                if self._reporting is not None:
                    await asyncio.wait([self._reporting])
                await self.report(is_last=True)
                await threads.run(listing.forget_nodes, [self._hub.node_id])
        except Exception as error:
            logger.warning("node not deleted from the registry: %r", error)


@dataclass(frozen=True)
class _Report:
    """One report. Ages are by the monotonic clock, as wall clocks differ."""

    node_id: str
    age: timedelta
    values: dict[str, Any]
    reached: Sequence[tuple[str, int, int]]
    listed: Sequence[Listed]
    gone: Sequence[str]
    departed: Sequence[Departed]
    delays: Sequence[Delayed]
    minute: Measured
    is_last: bool


@timed("report")
def _store(report: _Report) -> tuple[bool, int]:
    """Write a report; return whether the node had a row, and the minute of the database."""
    node, known = _write(report)
    nodes_room.tell(node)
    return known, minutes.minute_of(node.seen_at)


@one_transaction
def _write(report: _Report) -> tuple[Node, bool]:
    """Write a report in one transaction, and delete nodes silent for FORGET_AFTER.

    All times are the database's, as nodes compare them.
    """
    moment = clock.now()
    values = {**report.values, "started_at": moment - report.age, "seen_at": moment}
    known = bool(Node.objects.filter(pk=report.node_id).update(**values))
    node = Node(pk=report.node_id, **values)
    if not known:
        node.save(force_insert=True)
    # Nodes that think each other dead must not wait for each other.
    skip = connection.features.has_select_for_update_skip_locked
    dead = Node.objects.select_for_update(skip_locked=skip, no_key=True).filter(
        seen_at__lt=moment - FORGET_AFTER
    )
    if found := list(dead.values_list("pk", flat=True)):
        listing.forget_nodes(found)
    listing.list_closed(report.node_id, report.gone, report.departed, moment)
    if report.delays:
        listing.list_delays(report.node_id, report.delays, moment)
    listing.list_open(report.node_id, report.listed, moment)
    log.add_reached(report.reached)
    if report.minute.is_to_store(minutes.minute_of(moment), is_last=report.is_last):
        minutes.store(node, report.minute)
    return node, known


def _resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):  # not Linux: use the peak
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * _PAGE_BYTES


async def run_job(job: Job) -> None:
    """Call a job periodically until cancelled; a failure is logged."""
    while True:
        try:
            await threads.run(job.run)
        except Exception as error:
            logger.warning("job %s: %r", job.name, error)
        await asyncio.sleep(job.seconds)


async def start() -> ClusterReporter:
    """Start the hub, its reports and the periodic jobs."""
    garbage.reuse_among_threads()
    await threads.run(durability.require)
    await threads.run(server_settings.tell)
    garbage.collect_seldom()
    hub = await ensure()
    reporter = ClusterReporter(hub)
    hub.spawn(reporter.run())
    hub.spawn(EpochWatch(hub).run())
    register_clients(hub.options.metrics_clients)
    hub.spawn(scrape.serve(hub))
    for job in jobs.jobs():
        hub.spawn(run_job(job))
    return reporter
