"""Call the application's handlers: one message at a time, in order, in a task.

`Link` and `Talk` put items here. A handler that fails ends nothing.
"""

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

MAX_WAITING = 1000  # messages; more are not read from the socket


@dataclass(frozen=True, slots=True)
class Item:
    """Data for the handlers of a type; `done` is called if none of them failed.

    `message` is the server's; None for an item of the client itself. A note has no type, and no
    handlers: its `done` is called after all items before it.
    """

    type: str = ""
    data: Any = None
    message: dict[str, Any] | None = None
    done: Callable[[], None] | None = None


class Handlers:
    """The handlers by type, and the queue of items for them.

    An exception is logged; it stops neither other handlers nor later items.
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
        """Add a handler; return a function that removes it."""
        added = self._handlers.setdefault(type, [])
        added.append(handler)

        def remove() -> None:
            if handler in added:
                added.remove(handler)

        return remove

    def put(self, item: Item) -> None:
        """Queue an item."""
        self._waiting.append(item)
        self._changed.set()

    async def room(self) -> None:
        """Wait until the queue is shorter than MAX_WAITING."""
        while len(self._waiting) >= MAX_WAITING:
            self._room.clear()
            await self._room.wait()

    @property
    def is_within(self) -> bool:
        """True if called from within a handler."""
        return asyncio.current_task() in self._calling

    def start(self) -> None:
        run = self._run(self._last)
        self._task = self._last = asyncio.create_task(run, name="hoardrun client: handlers")

    async def finish(self, seconds: float | None) -> None:
        """Wait up to `seconds` for the running handler, and call no other.

        None does not wait: the running handler is the caller.
        """
        task, self._task = self._task, None
        self._changed.set()
        if task is not None and seconds is not None:
            done, _ = await asyncio.wait([task], timeout=seconds)
            if not done:
                logger.warning("a handler has not returned within %g s: cancelled", seconds)
                task.cancel()
                await asyncio.wait([task])
        # Notes need no handler, but must not overtake an unhandled event.
        for item in [*([self._at_work] if self._at_work else []), *self._waiting]:
            if not item.type and item.done is not None:
                item.done()
            elif item.done is not None:
                break
        self._waiting.clear()
        self._room.set()

    async def tell_last(self, type: str) -> None:
        """Handle the waiting items of one type and drop the rest. Call it after `finish`."""
        rest, self._waiting = self._waiting, deque()
        for item in rest:
            if item.type == type:
                await self.tell(item)

    async def tell(self, item: Item) -> None:
        """Call the handlers of one item."""
        names = (item.type, "message") if item.message else (item.type,)
        message = item.message or {"type": item.type, "data": item.data}
        failed = False
        task = asyncio.current_task()
        self._calling.add(task)
        try:
            for handler in [each for name in names for each in self._handlers.get(name, ())]:
                try:
                    result = handler(item.data, message)
                    if inspect.isawaitable(result):
                        await result
                except (Exception, asyncio.CancelledError) as error:
                    # Otherwise the handler awaited something that was cancelled.
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
            await asyncio.wait([last])  # its handler started this task and still runs
        while self._task is asyncio.current_task():
            if not self._waiting:
                self._changed.clear()
                await self._changed.wait()
                continue
            self._at_work = self._waiting.popleft()
            self._room.set()
            await self.tell(self._at_work)
            self._at_work = None
