"""Many askers, one query: what arrives close together is read from the database at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from realtime import db
from realtime.core.pace import Pace

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_KEYS = 200  # of one query: bounds the rows that are in memory at a time
MAX_WAIT_SECONDS = 0.3  # to gather, in a storm


class Batch(Generic[K, V]):
    """Calls `load(keys)` on a database thread for all that ask within some milliseconds.

    Who comes alone is served at once. `load` returns an answer for each key, or raises
    for all of them.
    """

    def __init__(self, load: Callable[[Sequence[K]], Mapping[K, V]]) -> None:
        self._load = load
        self._pace = Pace(MAX_WAIT_SECONDS)
        self._waiting: dict[K, asyncio.Future[V]] = {}
        self._task: asyncio.Task[None] | None = None

    async def ask(self, key: K) -> V:
        """Return what `load` finds for `key`, in a call that began after this one."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())
        return await asyncio.shield(future)

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._pace.wait(time.monotonic()))
            keys = list(self._waiting)[:MAX_KEYS]
            batch = {key: self._waiting.pop(key) for key in keys}
            self._pace.began(time.monotonic(), len(batch))
            try:
                found = await db.run(self._load, keys)
            except Exception as error:
                for future in batch.values():
                    future.set_exception(error)
                    future.exception()  # an asker who has left need not hear of it
                continue
            for key, future in batch.items():
                future.set_result(found[key])
        self._task = None
