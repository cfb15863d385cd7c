"""This process in the registry of nodes: what it reports, and the jobs it runs."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import socket
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from realtime import db, durability, hub, jobs, log, wakeup
from realtime.hub import Hub
from realtime.jobs import Job
from realtime.models import Node

logger = logging.getLogger(__name__)

REPORT_SECONDS = 2.0
FORGET_AFTER = timedelta(minutes=10)
_PAGE_BYTES = resource.getpagesize()


class Reporter:
    """Writes this node's row every two seconds, and takes it out at the end."""

    def __init__(self, node: Hub) -> None:
        self._hub = node
        self._started_at = timezone.now()
        self._before = (time.monotonic(), 0, 0)

    def measure(self) -> dict[str, Any]:
        """Read the counters, on the event loop's thread."""
        traffic = self._hub.traffic
        then, was_in, was_out = self._before
        now = time.monotonic()
        seconds = max(now - then, 0.001)
        self._before = (now, traffic.messages_in, traffic.messages_out)
        return {
            "host": socket.gethostname()[:200],
            "pid": os.getpid(),
            "version": settings.VERSION,
            "started_at": self._started_at,
            "connections": len(self._hub.sockets),
            "users": len(self._hub.users),
            "rooms": self._hub.members.counts(),
            "messages_in": traffic.messages_in,
            "messages_out": traffic.messages_out,
            "in_per_second": round((traffic.messages_in - was_in) / seconds, 1),
            "out_per_second": round((traffic.messages_out - was_out) / seconds, 1),
            "dropped": wakeup.sender.dropped,
            "slow_closed": traffic.slow_closed,
            "foreign": self._hub.link.foreign,
            "layer_rebuilt": self._hub.link.rebuilt,
            "lag_ms": round(self._hub.lag_ms, 2),
            "rss_mb": round(_resident_bytes() / 1e6, 1),
        }

    async def report(self) -> None:
        """Write the node's row, and how many sockets shared events have reached."""
        reached = dict(self._hub.reached)
        self._hub.reached.clear()
        try:
            await db.run(_store, self._hub.node_id, self.measure(), reached)
        except Exception as error:  # tell it at the next report
            logger.warning("node report: %r", error)
            self._hub.reached.update(reached)

    async def run(self) -> None:
        """Report for as long as the node lives."""
        while True:
            await self.report()
            await asyncio.sleep(REPORT_SECONDS)

    async def leave(self) -> None:
        """Take the node out of the registry."""
        try:
            await self.report()
            await db.run(lambda: Node.objects.filter(pk=self._hub.node_id).delete())
        except Exception as error:
            logger.warning("node not taken out of the registry: %r", error)


def _store(node_id: str, values: dict[str, Any], reached: dict[tuple[str, int], int]) -> None:
    now: datetime = timezone.now()
    Node.objects.update_or_create(pk=node_id, defaults={**values, "seen_at": now})
    Node.objects.filter(seen_at__lt=now - FORGET_AFTER).delete()
    log.add_reached([(*event, sockets) for event, sockets in reached.items() if sockets])


def _resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):  # not Linux: the peak is the best there is
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * _PAGE_BYTES


async def run_job(job: Job) -> None:
    """Call a job for as long as the node lives; a failure is logged and tried again."""
    while True:
        try:
            await db.run(job.run)
        except Exception as error:
            logger.warning("job %s: %r", job.name, error)
        await asyncio.sleep(job.seconds)


def calm_the_collector() -> None:
    """Keep Python's cycle collector from stopping the event loop for long.

    Writing to a thousand sockets allocates a few thousand containers at once, which by
    default makes it run every time. What start-up made stays, and is not looked at again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def start() -> Reporter:
    """Begin to serve: the hub, its reports and the periodic jobs."""
    await db.run(durability.require)
    calm_the_collector()
    node = await hub.ensure()
    reporter = Reporter(node)
    node.spawn(reporter.run())
    for job in jobs.jobs():
        node.spawn(run_job(job))
    return reporter
