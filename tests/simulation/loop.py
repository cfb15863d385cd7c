"""An event loop without a clock, a selector or a thread: its seed decides what happens when."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections.abc import Callable, Coroutine
from typing import Any

BEGAN_AT = 1000.0  # the loop's clock at its start, in seconds
# A callback takes no time, or a little, or now and then so much that all timers are late.
STEP_SECONDS = (0.0, 0.0, 0.0, 0.0, 0.0005, 0.002, 0.01)

MAX_STEPS = 300_000  # of one schedule: what takes more never ends


class Task(asyncio.Task[Any]):
    """A task that has the same place in a set in each run."""

    numbers = itertools.count()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.number = next(Task.numbers)
        super().__init__(*args, **kwargs)

    def __hash__(self) -> int:
        return self.number


class Loop(asyncio.BaseEventLoop):
    """A loop whose time passes only because callbacks take some, or because it has to wait.

    `shuffled`: of the callbacks that are ready, any may be the next. Otherwise the first is,
    as asyncio promises. All input from outside (database, layer, clients) comes through
    `outside`, at a time that the seed decides. `database(function)` answers what is asked of
    a thread.
    """

    def __init__(self, rng: random.Random, *, shuffled: bool, hasty: bool) -> None:
        super().__init__()
        self.rng = rng
        self.database: Callable[[Callable[[], Any]], asyncio.Future[Any]] | None = None
        self.problems: list[str] = []
        self.steps = 0
        self._now = BEGAN_AT
        self._shuffled = shuffled
        self._hasty = hasty
        self._until = BEGAN_AT
        self._clock_resolution = 1e-9
        Task.numbers = itertools.count()
        self.set_exception_handler(self._failed)

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.problems.append(f"{context.get('message')}: {context.get('exception')!r}")

    # -- what asyncio asks of a loop

    def time(self) -> float:
        return self._now

    def create_task(self, coro: Coroutine[Any, Any, Any], **kwargs: Any) -> Task:  # type: ignore[override]
        return Task(coro, loop=self, **kwargs)

    def call_soon_threadsafe(  # type: ignore[override]  # typeshed's is generic
        self, callback: Any, *args: Any, context: Any = None
    ) -> Any:
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(  # type: ignore[override]  # typeshed's is generic
        self, executor: Any, func: Any, *args: Any
    ) -> Any:
        assert self.database is not None
        return self.database(lambda: func(*args))

    def _write_to_self(self) -> None: ...

    def _process_events(self, event_list: Any) -> None: ...

    def _run_once(self) -> None:
        """Run one callback, after moving the clock to the next timer if none is ready."""
        ready: Any = self._ready  # type: ignore[attr-defined]
        timers: Any = self._scheduled  # type: ignore[attr-defined]
        while timers and timers[0]._cancelled:
            heapq.heappop(timers)._scheduled = False
        if not ready:
            if not timers or timers[0]._when >= self._until:
                self._now = max(self._now, self._until)
                self.stop()
                return
            self._now = max(self._now, timers[0]._when)
        while timers and timers[0]._when <= self._now:
            handle = heapq.heappop(timers)
            handle._scheduled = False
            if not handle._cancelled:
                ready.append(handle)
        if not ready:
            return
        if self._shuffled and len(ready) > 1:
            ready.rotate(-self.rng.randrange(len(ready)))
        handle = ready.popleft()
        if handle._cancelled:
            return
        self.steps += 1
        if self.steps > MAX_STEPS:
            self.problems.append("the node turns in a circle")
            self.stop()
            return
        if not self._hasty:
            self._now += self.rng.choice(STEP_SECONDS)
        handle._run()

    # -- for the one that plays the world

    def outside(self, seconds: float, callback: Callable[..., object], *args: Any) -> None:
        """Call from outside, after a while."""
        self.call_at(self._now + seconds, callback, *args)

    def run_until(self, moment: float) -> None:
        """Let everything happen that happens before a moment."""
        self._until = moment
        self.run_forever()

    def jump(self, seconds: float) -> None:
        """Let the process sleep, as a machine that is suspended does."""
        self._now += seconds

    def cancel_all(self) -> None:
        """Cancel all tasks at work, and let them end."""
        for _ in range(20):
            tasks: list[Any] = sorted(asyncio.all_tasks(self), key=lambda task: task.number)
            if not tasks:
                return
            for task in tasks:
                task.cancel()
            self.run_until(self._now)

    def end(self) -> None:
        """Forget what was to happen later, and close."""
        self._ready.clear()  # type: ignore[attr-defined]
        self._scheduled.clear()  # type: ignore[attr-defined]
        self.close()
