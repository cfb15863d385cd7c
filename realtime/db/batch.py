"""Load many keys with one query: calls that arrive close together share it.

Logins, tickets and replays use it, so that a storm of reconnects costs few queries.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from realtime.core.pace import Pace
from realtime.db import threads

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_KEYS = 200  # of one query: bounds the rows in memory
MAX_WAIT_SECONDS = 0.3  # to gather keys in a storm


class _Question(Generic[V]):
    """The future answer for a key, and the number of callers that wait for it."""

    __slots__ = ("answer", "askers")

    def __init__(self, answer: asyncio.Future[V]) -> None:
        self.answer = answer
        self.askers = 0


class BatchedLoader(Generic[K, V]):
    """Calls `load(keys)` on a database thread for all calls within some milliseconds.

    A single call is not delayed. `load` returns an answer for each key, or raises for all of
    them; a missing key raises KeyError for its callers. Keys without a waiting caller are not
    loaded: after a database has hung, abandoned logins would otherwise delay the new ones.
    """

    def __init__(self, load: Callable[[Sequence[K]], Mapping[K, V]]) -> None:
        self._load = load
        self._pace = Pace(MAX_WAIT_SECONDS)
        self._waiting: dict[K, _Question[V]] = {}
        self._task: asyncio.Task[None] | None = None

    async def load(self, key: K) -> V:
        """Return what `load` finds for `key`, by a query that starts after this call."""
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
                    break  # all callers have left
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
            # Only a cancelled task leaves futures behind: no answer will come.
            waiting, self._waiting = self._waiting, {}
            for future in (*batch.values(), *(question.answer for question in waiting.values())):
                future.cancel()


def _fail(future: asyncio.Future[V], error: Exception) -> None:
    future.set_exception(error)
    future.exception()  # mark as read: all callers may have left
