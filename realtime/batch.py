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

    A call that comes alone is served at once. `load` returns an answer for each key, or
    raises for all of them. A key that it leaves out raises KeyError where it was asked for.
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
        batch: dict[K, asyncio.Future[V]] = {}
        try:
            while self._waiting:
                await asyncio.sleep(self._pace.wait(time.monotonic()))
                keys = list(self._waiting)[:MAX_KEYS]
                batch = {key: self._waiting.pop(key) for key in keys}
                self._pace.began(time.monotonic(), len(batch))
                try:
                    found = await db.run(self._load, keys)
                except Exception as error:
                    for future in batch.values():
                        _fail(future, error)
                    continue
                for key, future in batch.items():
                    if key in found:
                        future.set_result(found[key])
                    else:
                        _fail(future, KeyError(f"the loader has no answer for {key!r}"))
        finally:
            self._task = None
            # Only a cancelled task leaves any: no answer will come.
            for future in (*batch.values(), *self._waiting.values()):
                future.cancel()
            self._waiting.clear()


def _fail(future: asyncio.Future[V], error: Exception) -> None:
    future.set_exception(error)
    future.exception()  # read once, since all that asked may have left
