"""Many askers, one query: what arrives close together is read from the database at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from realtime.core.pace import Pace
from realtime.db import threads

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_KEYS = 200  # of one query: bounds the rows that are in memory at a time
MAX_WAIT_SECONDS = 0.3  # to gather, in a storm


class _Question(Generic[V]):
    """A key's answer to come, and how many wait for it."""

    __slots__ = ("answer", "askers")

    def __init__(self, answer: asyncio.Future[V]) -> None:
        self.answer = answer
        self.askers = 0


class BatchedLoader(Generic[K, V]):
    """Calls `load(keys)` on a database thread for all that ask within some milliseconds.

    A call that comes alone is served at once. `load` returns an answer for each key, or
    raises for all of them. A key that it leaves out raises KeyError where it was asked for.
    What nobody waits for any more is not asked: after a database has hung, a queue of logins
    that were given up would keep the new ones waiting until those are given up, too.
    """

    def __init__(self, load: Callable[[Sequence[K]], Mapping[K, V]]) -> None:
        self._load = load
        self._pace = Pace(MAX_WAIT_SECONDS)
        self._waiting: dict[K, _Question[V]] = {}
        self._task: asyncio.Task[None] | None = None

    async def load(self, key: K) -> V:
        """Return what `load` finds for `key`, in a call that began after this one."""
        question = self._waiting.get(key)
        if question is None:
            question = self._waiting[key] = _Question(asyncio.get_running_loop().create_future())
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())
        question.askers += 1
        try:
            return await asyncio.shield(question.answer)
        finally:
            question.askers -= 1
            if not question.askers and self._waiting.get(key) is question:
                del self._waiting[key]

    async def _run(self) -> None:
        batch: dict[K, asyncio.Future[V]] = {}
        try:
            while self._waiting:
                await asyncio.sleep(self._pace.wait(time.monotonic()))
                keys = list(self._waiting)[:MAX_KEYS]
                if not keys:
                    break  # all that asked have left
                batch = {key: self._waiting.pop(key).answer for key in keys}
                self._pace.began(time.monotonic(), len(batch))
                try:
                    found = await threads.run(self._load, keys)
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
            waiting, self._waiting = self._waiting, {}
            for future in (*batch.values(), *(question.answer for question in waiting.values())):
                future.cancel()


def _fail(future: asyncio.Future[V], error: Exception) -> None:
    future.set_exception(error)
    future.exception()  # read once, since all that asked may have left
