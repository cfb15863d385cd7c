"""The database and the layer of a node, as slow and as broken as the seed wants them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from django.db import OperationalError

from realtime.layer import receive, send
from tests.simulation.loop import Loop

READS = (0.0, 0.001, 0.004, 0.02, 0.2)  # seconds to the moment of a query, and to its answer
CALLS = (0.0, 0.0, 0.001, 0.01)
TRAVELS = (0.0, 0.0, 0.001, 0.003, 0.02, 0.3)


class Database:
    """Runs what is asked of a thread at one moment, and answers at a later one.

    `flaky` is the share of calls that fail: before they were carried out, or after it.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.flaky = 0.0
        self.down = False
        self._hanging: list[Callable[[], None]] | None = None

    def hang(self, hangs: bool) -> None:
        """Hold all calls from now on, or carry out those that wait."""
        waiting, self._hanging = self._hanging or [], [] if hangs else None
        for ask in waiting:
            self._loop.outside(0.0, ask)

    def call(self, function: Callable[[], Any]) -> asyncio.Future[Any]:
        rng, loop = self._loop.rng, self._loop
        future: asyncio.Future[Any] = loop.create_future()
        fails, after = rng.random() < self.flaky, rng.random() < 0.5
        answers = rng.choice(READS)

        def answer(result: Any, error: BaseException | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        def ask() -> None:
            if self._hanging is not None:
                self._hanging.append(ask)
                return
            result: Any = None
            error: Exception | None = None
            if self.down or (fails and not after):
                error = OperationalError("the database is away")
            else:
                try:
                    result = function()
                except Exception as raised:
                    error = raised
                if fails:
                    error = OperationalError("the connection was lost")
            loop.outside(answers, answer, result, error)

        loop.outside(rng.choice(READS), ask)
        return future


class Air:
    """The layer's server. `loss` and `doubling` are shares of what is sent to the node."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.groups: dict[str, dict[str, Ear]] = {}
        self.loss = self.doubling = 0.0
        self.reorders = False
        self.down = False
        self.ears: list[Ear] = []
        # An act to run when the node next receives a message, before it passes that on.
        self.together: list[Callable[[], None]] = []

    async def call(self) -> None:
        rng = self.loop.rng
        if self.down:
            await asyncio.sleep(rng.choice((0.0, 5.0)))
            raise ConnectionError("the layer is away")
        if seconds := rng.choice(CALLS):
            await asyncio.sleep(seconds)

    def send(self, group: str, message: dict[str, Any]) -> None:
        rng = self.loop.rng
        for ear in list(self.groups.get(group, {}).values()):
            again = message["type"] == send.EVENTS and rng.random() < self.doubling
            for _ in range(1 + again):
                if rng.random() < self.loss:
                    continue
                at = self.loop.time() + rng.choice(TRAVELS)
                if self.reorders and message["type"] == send.EVENTS:
                    self.loop.call_at(at, ear.arrive, message)
                else:
                    at = ear.last = max(at, ear.last)
                    ear.in_order.append(message)
                    self.loop.call_at(at, ear.arrive_next)


class Ear:
    """One link to the layer; a deaf one receives nothing any more, without an error."""

    air: Air  # of the world that is played now

    def __init__(self, **config: Any) -> None:
        self.deaf = False
        self.last = 0.0  # when the latest message arrives of those that keep their order
        self.in_order: deque[dict[str, Any]] = deque()
        self._arrived: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._air = Ear.air
        self._air.ears.append(self)
        self._name = f"channel{len(self._air.ears)}"

    def arrive(self, message: dict[str, Any]) -> None:
        if self.deaf:
            return
        self._arrived.put_nowait(message)
        if message["type"] != receive.CANARY:
            together, self._air.together = self._air.together, []
            for action in together:
                self._air.loop.call_soon(action)

    def arrive_next(self) -> None:
        self.arrive(self.in_order.popleft())

    async def new_channel(self) -> str:
        await self._air.call()
        return self._name

    async def group_add(self, group: str, channel: str) -> None:
        await self._air.call()
        self._air.groups.setdefault(group, {})[channel] = self

    async def group_discard(self, group: str, channel: str) -> None:
        await self._air.call()
        self._air.groups.get(group, {}).pop(channel, None)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await self._air.call()
        self._air.send(group, message)

    async def receive(self, channel: str) -> dict[str, Any]:
        return await self._arrived.get()

    async def flush(self) -> None:
        for ears in self._air.groups.values():
            ears.pop(self._name, None)
        await self._air.call()
