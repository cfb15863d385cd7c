"""Serves the readings of the deployment from one node: the live one that started first."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import close_old_connections
from prometheus_client.core import Metric

from realtime import registry
from realtime.cluster.families import family_of
from realtime.meters import fleet
from realtime.meters.fleet import gauge
from realtime.models import Node

logger = logging.getLogger(__name__)

SHARED_SECONDS = 10.0  # that a reading is served again
PATIENCE_SECONDS = 2.0  # of a scrape, for a database that is slow
# One thread: a database that hangs takes this one, and no thread of a login.
_executor = ThreadPoolExecutor(1, thread_name_prefix="hoardrun-fleet")


def _nodes() -> dict[str, Any]:
    found = registry.cluster()
    return {"nodes": len(found.nodes), "nodes_silent": len(found.stale)}


NODES = fleet.Reading(
    (
        gauge("nodes", "Processes that report."),
        gauge("nodes_silent", "Processes that have not reported for 10 seconds; ended ones go."),
    ),
    _nodes,
)


def families() -> Iterator[Metric]:
    """Read the deployment; call it on a thread that may query the database."""
    for meter, value in fleet.read():
        yield family_of(meter, value, {})


class FleetOnOneNode:
    """The lines of the deployment in a scrape; none on any node but the one that measures it."""

    def __init__(self, node_id: str, read: Callable[[], Iterator[Metric]] = families) -> None:
        self._node_id = node_id
        self._read = read
        self._found: list[Metric] = []
        self._read_at: float | None = None
        self._reading: asyncio.Future[list[Metric]] | None = None

    async def get(self) -> list[Metric]:
        """Return what was read within SHARED_SECONDS; nothing if that takes too long."""
        now = time.monotonic()
        if self._read_at is None or now - self._read_at > SHARED_SECONDS:
            if self._reading is None:
                loop = asyncio.get_running_loop()
                self._reading = loop.run_in_executor(_executor, self._read_if_first)
                self._reading.add_done_callback(self._take)
            await asyncio.wait([self._reading], timeout=PATIENCE_SECONDS)
            if self._reading is not None:
                return []  # older readings may be wrong by now
        return self._found

    def _take(self, reading: asyncio.Future[list[Metric]]) -> None:
        self._reading, self._read_at = None, time.monotonic()
        self._found = []
        if reading.cancelled():
            return
        if error := reading.exception():
            logger.warning("the deployment's numbers are not read: %r", error)
        else:
            self._found = reading.result()

    def _read_if_first(self) -> list[Metric]:
        close_old_connections()
        try:
            alive = Node.objects.filter(registry.alive()).order_by("started_at", "pk")
            if alive.values_list("pk", flat=True).first() != self._node_id:
                return []
            return list(self._read())
        finally:
            close_old_connections()
