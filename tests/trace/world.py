"""The deployment that the reasons are played on: two nodes, and processes that act in it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.faults.cluster import Cluster, Node, buggy
from tests.services.driven import Answer, Driven
from tests.services.ports import PATIENCE
from tests.services.redis import Redis

# The times of a node, made short; a silent node is one for 10 seconds, as everywhere.
ENV = {
    "WS_STUCK_AFTER_SECONDS": "4",  # the kernel gives up after twice that, with another code
    "WS_RECONCILE_SECONDS": "1",
    "WS_RECONCILE_CALM_SECONDS": "2",
}
LONG_SECONDS = 120.0  # for a condition that comes in some
POLL_SECONDS = 0.1
LASTS = 3600.0  # seconds of a token that ends in no run
_numbers = itertools.count(1)


class World:
    """Two nodes on one PostgreSQL and one Redis.

    `inside` is a process of the deployment; `elsewhere` one more, whose wake-ups no node hears.
    """

    def __init__(self, cluster: Cluster, inside: Driven, elsewhere: Driven) -> None:
        self.cluster = cluster
        self._inside, self._elsewhere = inside, elsewhere
        self._turn = asyncio.Lock()

    @property
    def nodes(self) -> Sequence[Node]:
        return self.cluster.nodes

    async def ask(self, verb: str, *, heard: bool = True, **options: Any) -> Answer:
        """Have something done inside the deployment; not `heard`: by who wakes nobody."""
        child = self._inside if heard else self._elsewhere
        async with self._turn:
            return await asyncio.to_thread(child.ask, verb, **options)

    async def users(self, count: int) -> list[int]:
        return list((await self.ask("users", count=count))["users"])

    async def token(self, user: int, seconds: float = LASTS, session: str = "") -> str:
        named = session or f"login-{next(_numbers)}"
        return str((await self.ask("token", user=user, seconds=seconds, session=named))["token"])

    async def publish(
        self, events: Iterable[tuple[int, str]], *, size: int = 10, heard: bool = True
    ) -> list[int]:
        """Publish events of a type to users, in one transaction; return the offsets."""
        given = [(user, kind, size) for user, kind in events]
        if not given:
            return []
        return list((await self.ask("publish", events=given, heard=heard))["offsets"])

    async def until_departed(self, connections: Iterable[str]) -> None:
        """Wait until the nodes have reported that these have closed."""
        wanted = sorted(connections)
        async with asyncio.timeout(LONG_SECONDS * PATIENCE):
            while len((await self.ask("departures", connections=wanted))["codes"]) < len(wanted):
                await asyncio.sleep(POLL_SECONDS)

    async def until_found_late(self, streams: Iterable[str]) -> None:
        """Wait until nodes have reported that no wake-up came for events of these streams."""
        wanted = sorted(streams)
        async with asyncio.timeout(LONG_SECONDS * PATIENCE):
            while (await self.ask("found_late", streams=wanted))["streams"] != wanted:
                await asyncio.sleep(POLL_SECONDS)

    async def until_reported(self) -> None:
        """Wait until each node that lives now has made a report that began after the call."""
        for _ in range(2):
            before = (await self.ask("reports"))["alive"]
            async with asyncio.timeout(LONG_SECONDS * PATIENCE):
                while not all(
                    node in now and now[node] > at
                    for now in [(await self.ask("reports"))["alive"]]
                    for node, at in before.items()
                ):
                    await asyncio.sleep(POLL_SECONDS)

    async def silent(self) -> int:
        """Return how many nodes are known to be silent."""
        return len((await self.ask("reports"))["silent"])

    async def until_silent(self, count: int) -> None:
        """Wait until as many nodes are known to be silent."""
        async with asyncio.timeout(LONG_SECONDS * PATIENCE):
            while await self.silent() != count:
                await asyncio.sleep(POLL_SECONDS)


@contextlib.contextmanager
def world(folder: Path, bug: str = "") -> Iterator[World]:
    """Start everything; a bug is put into the process that traces."""
    deaf = Redis(f"elsewhere-{next(_numbers)}")
    with (
        contextlib.closing(
            Cluster(store="postgres", nodes=2, users=0, folder=folder, env=ENV)
        ) as cluster,
        contextlib.ExitStack() as stack,
    ):
        stack.callback(deaf.stop)
        cluster.start()
        children = [
            stack.enter_context(
                Driven("tests.trace.inside", log=folder / f"{name}.log", env=cluster.env | more)
            )
            for name, more in (
                ("inside", buggy(bug, "tests.trace.bugs.patches")),
                ("elsewhere", {"REDIS_URL": deaf.url}),
            )
        ]
        yield World(cluster, *children)
