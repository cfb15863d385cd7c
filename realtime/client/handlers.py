"""Calling the application: one message after the other, in order, in a task of its own."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger("realtime.client")

Handler = Callable[[Any, dict[str, Any]], Awaitable[object] | object]

MAX_WAITING = 1000  # messages; then the socket is read no further


@dataclass(frozen=True, slots=True)
class Item:
    """Something to tell: `done` is called when no handler of it has failed."""

    type: str
    data: Any
    message: dict[str, Any]
    done: Callable[[], None] | None = None
    of_server: bool = True  # goes to the handlers of `message` too

    @property
    def is_note(self) -> bool:
        """Whether it is there for `done` alone."""
        return not self.type

    @classmethod
    def note(cls, done: Callable[[], None]) -> Item:
        """Make something to be done once what came before it is told."""
        return cls("", None, {}, done, of_server=False)

    @classmethod
    def own(cls, type: str, data: Any, done: Callable[[], None] | None = None) -> Item:
        """Make something that the client itself tells."""
        return cls(type, data, {"type": type, "data": data}, done, of_server=False)


class Handlers:
    """Who listens to which type, and what waits to be told.

    An exception is logged, and stops neither the other handlers nor what comes after it.
    """

    def __init__(self) -> None:
        self._handlers: dict[str, list[Handler]] = {}
        self._waiting: deque[Item] = deque()
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._last: asyncio.Task[None] | None = None  # the one before it
        self._calling: set[asyncio.Task[Any] | None] = set()
        self._at_work: Item | None = None

    def on(self, type: str, handler: Handler) -> Callable[[], None]:
        """Add a handler; return what removes it."""
        added = self._handlers.setdefault(type, [])
        added.append(handler)

        def remove() -> None:
            if handler in added:
                added.remove(handler)

        return remove

    def put(self, item: Item) -> None:
        """Tell it after everything before it."""
        self._waiting.append(item)
        self._changed.set()

    async def room(self) -> None:
        """Wait until not too much waits."""
        while len(self._waiting) >= MAX_WAITING:
            self._room.clear()
            await self._room.wait()

    @property
    def is_within(self) -> bool:
        """Whether a handler asks."""
        return asyncio.current_task() in self._calling

    def start(self) -> None:
        run = self._run(self._last)
        self._task = self._last = asyncio.create_task(run, name="hoardrun client: handlers")

    async def finish(self, seconds: float | None) -> None:
        """Let the handler at work return, within `seconds`, and call no other.

        None does not wait for it: it is the one that asks.
        """
        task, self._task = self._task, None
        self._changed.set()
        if task is not None and seconds is not None:
            done, _ = await asyncio.wait([task], timeout=seconds)
            if not done:
                logger.warning("a handler has not returned within %g s: cancelled", seconds)
                task.cancel()
                await asyncio.wait([task])
        # Where streams begin needs no handler, but what came before it does.
        for item in [*([self._at_work] if self._at_work else []), *self._waiting]:
            if item.is_note and item.done is not None:
                item.done()
            elif item.done is not None:
                break
        self._waiting.clear()
        self._room.set()

    async def tell_last(self, type: str) -> None:
        """After `finish`: tell what came of one type, and forget the rest."""
        rest, self._waiting = self._waiting, deque()
        for item in rest:
            if item.type == type:
                await self.tell(item)

    async def tell(self, item: Item) -> None:
        """Call the handlers of one thing."""
        names = (item.type, "message") if item.of_server else (item.type,)
        failed = False
        task = asyncio.current_task()
        self._calling.add(task)
        try:
            for handler in [each for name in names for each in self._handlers.get(name, ())]:
                try:
                    result = handler(item.data, item.message)
                    if inspect.isawaitable(result):
                        await result
                except (Exception, asyncio.CancelledError) as error:
                    # Otherwise, what was cancelled is something that the handler waited for.
                    if isinstance(error, asyncio.CancelledError) and task and task.cancelling():
                        raise
                    logger.exception("a handler of %s failed", item.type)
                    failed = True
        finally:
            self._calling.discard(task)
        if item.done is not None and not failed:
            item.done()

    async def _run(self, last: asyncio.Task[None] | None) -> None:
        if last is not None:
            await asyncio.wait([last])  # whose handler has started this one, and goes on
        while self._task is asyncio.current_task():
            if not self._waiting:
                self._changed.clear()
                await self._changed.wait()
                continue
            self._at_work = self._waiting.popleft()
            self._room.set()
            await self.tell(self._at_work)
            self._at_work = None
