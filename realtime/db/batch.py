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

MAX_KEYS = 200  # of one query, unless its rows are small: bounds the rows in memory
MAX_WAIT_SECONDS = 0.3  # to gather keys in a storm


class BatchedLoader(Generic[K, V]):
    """Calls `load(keys)` on a database thread for all calls within some milliseconds.

    A single call is not delayed. `load` returns an answer for each key, or raises for all of
    them; a missing key raises KeyError for its callers. Keys without a waiting caller are not
    loaded: after a database has hung, abandoned logins would otherwise delay the new ones.

    A query has `max_keys` at most; `pace` says how long to gather them. At most `per_turn` keys are
    answered in one turn of the event loop, so that what their callers go on to do does not hold up
    others.
    """

    def __init__(
        self,
        load: Callable[[Sequence[K]], Mapping[K, V]],
        *,
        per_turn: int = MAX_KEYS,
        max_keys: int = MAX_KEYS,
        pace: type[Pace] = Pace,
    ) -> None:
        self._load = load
        self._per_turn = per_turn
        self._max_keys = max_keys
        self._batch: dict[K, list[asyncio.Future[V]]] = {}  # under way
        self._pace = pace(MAX_WAIT_SECONDS)
        self._waiting: dict[K, list[asyncio.Future[V]]] = {}  # one for each caller
        self._task: asyncio.Task[None] | None = None

    async def load(self, key: K) -> V:
        """Return what `load` finds for `key`, by a query that starts after this call."""
        answer: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(answer)
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())
        return await answer

    def is_wanted(self, key: K) -> bool:
        """Return True while a caller waits for a key being loaded. For `load`, in its thread.

        A caller that has left has cancelled its future.
        """
        return bool(_open(self._batch.get(key, [])))

    def _load_wanted(self) -> Mapping[K, V]:
        """Load what is wanted once a thread is free. Runs in that thread."""
        keys = [key for key in self._batch if self.is_wanted(key)]
        return self._load(keys) if keys else {}

    async def _run(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(self._pace.wait(time.monotonic()))
                batch = {
                    key: self._waiting.pop(key) for key in list(self._waiting)[: self._max_keys]
                }
                self._batch = batch
                keys = [key for key in batch if self.is_wanted(key)]
                if not keys:
                    continue
                self._pace.began(time.monotonic(), len(keys))
                found: Mapping[K, V] = {}
                failure: Exception | None = None
                try:
                    found = await threads.run(self._load_wanted)
                except Exception as error:
                    failure = error
                self._pace.ended(time.monotonic())
                for number, key in enumerate(keys, 1):
                    if number % self._per_turn == 0:
                        await asyncio.sleep(0)
                    for answer in _open(batch[key]):
                        if key in found:
                            answer.set_result(found[key])
                        else:
                            missing = KeyError(f"the loader has no answer for {key!r}")
                            answer.set_exception(failure or missing)
        finally:
            self._task = None
            # Only a cancelled task leaves futures behind: no answer will come.
            waiting, self._waiting = self._waiting, {}
            batch, self._batch = self._batch, {}
            for answers in (*batch.values(), *waiting.values()):
                for answer in answers:
                    answer.cancel()


def _open(answers: list[asyncio.Future[V]]) -> list[asyncio.Future[V]]:
    """Return the futures whose callers still wait."""
    return [answer for answer in answers if not answer.done()]
