"""Look for a failover and at the deployment's epoch; have the streams begin anew when it changes.

`realtime.cluster.reporter` starts it on every node. One query a look, whatever the number of
sockets; only a new epoch makes a node read its streams, a row each. New connections look for a
failover by themselves; these looks are for a pooler that has changed servers behind them.
"""

from __future__ import annotations

import asyncio
import logging

from django.db import connection

from realtime import log
from realtime.db import threads
from realtime.hub.hub import Hub
from realtime.sql import failover

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # docs/guarantees.md promises what follows from it


class EpochWatch:
    """Tells a hub of a new deployment epoch.

    `manage.py bump_epoch --all` begins one, and so does the first process that notices a failover.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def look(self) -> None:
        """Compare the epoch with the hub's; a change counts once all streams were told of it."""
        found = await threads.run(_read)
        if found != self._hub.epoch:
            if self._hub.epoch is not None or self._hub.streams.followed:
                self._hub.reconciler.doubt()
                await self._hub.streams.resets.begin_anew()
            self._hub.epoch = found

    async def run(self) -> None:
        """Look every LOOK_SECONDS until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:  # a database that is away comes back
                logger.warning("epoch not looked at: %r", error)
            await asyncio.sleep(LOOK_SECONDS)


def _read() -> str:
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        if (epoch := failover.look(connection.connection)) is not None:
            return epoch
    return log.deployment().epoch
