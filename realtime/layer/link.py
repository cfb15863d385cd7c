"""One connection to a Redis. Every failure ends it; its owner then opens another.

A new one is made from a new pool, so one that goes by Sentinel asks again where the master is:
redis-py's own pool may go on to dial the old master after a failover.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Self

from channels_redis.utils import create_pool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError

OPEN_SECONDS = 2.0  # for Sentinel, TCP, TLS and the login together


class Link:
    """One connection, in RESP2: published messages arrive as plain lists."""

    def __init__(self, pool: Any, connection: Any) -> None:
        self._pool = pool
        self._connection = connection

    @classmethod
    async def open(cls, host: Mapping[str, Any]) -> Self:
        """Connect and log in, within OPEN_SECONDS."""
        host = {**host, "retry": Retry(NoBackoff(), 0)}
        if "sentinels" in host:
            host["sentinel_kwargs"] = {**host.get("sentinel_kwargs", {}), "retry": host["retry"]}
        pool = create_pool(host)
        # Overrides the address: a subscriber may receive nothing for long.
        pool.connection_kwargs |= {"socket_timeout": None, "protocol": 2}
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                return cls(pool, await pool.get_connection())
        except BaseException:
            await _close(pool)
            raise

    @property
    def peer(self) -> str:
        """The address that it is connected to."""
        kwargs = vars(self._connection)
        return f"{kwargs['host']}:{kwargs['port']}" if "host" in kwargs else str(kwargs.get("path"))

    async def master_is_elsewhere(self) -> bool:
        """Say whether a Sentinel names another master than the one that this is connected to."""
        sentinel = getattr(self._pool, "sentinel_manager", None)
        if sentinel is None:
            return False
        async with asyncio.timeout(OPEN_SECONDS):
            host, port = await sentinel.discover_master(self._pool.service_name)
        return self.peer != f"{host}:{port}"

    async def send(self, *commands: Sequence[str | bytes]) -> None:
        """Write some commands at once; their answers are read with `read`."""
        if not self._connection.is_connected:  # redis-py would connect again, unsubscribed
            raise ConnectionError(f"the connection to {self.peer} is lost")
        packed = self._connection.pack_commands(commands)
        await self._connection.send_packed_command(packed, check_health=False)

    async def read(self) -> Any:
        """Return the next answer or message. Raises what Redis says is wrong."""
        return await self._connection.read_response(disable_decoding=True)

    async def close(self) -> None:
        """Close it at once, in any state, without waiting."""
        await self._connection.disconnect(nowait=True)
        await _close(self._pool)


async def _close(pool: Any) -> None:
    """Close the connections to the Sentinels that a pool has asked."""
    sentinel = getattr(pool, "sentinel_manager", None)
    if sentinel is not None:
        await sentinel.aclose()
    await pool.disconnect()
