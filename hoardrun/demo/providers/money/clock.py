"""A clock that may go faster, and what is to happen at its times."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable


class Clock:
    """Counts seconds; `pace` says how long one of them lasts."""

    def __init__(self, pace: float = 1) -> None:
        self.pace = pace
        self._began = time.monotonic()
        self._ahead = 0.0

    def now(self) -> float:
        return (time.monotonic() - self._began) / self.pace + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds


class Agenda:
    """Does each job at its time, in threads of its own; `close` leaves out what is not due."""

    def __init__(self, clock: Clock, threads: int = 8) -> None:
        self.clock = clock
        self._jobs: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._running = 0
        self._ends = False
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def at(self, when: float, job: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._jobs, (when, next(self._numbers), job))
            self._changed.notify()

    def clear(self) -> None:
        with self._changed:
            self._jobs.clear()

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once, and wait until what was due is done."""
        with self._changed:
            self.clock.advance(seconds)
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._running and not self._is_due())

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._ends and not self._is_due():
                    self._changed.wait(self._pause())
                if self._ends:
                    return
                _, _, job = heapq.heappop(self._jobs)
                self._running += 1
            try:
                job()
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()

    def _is_due(self) -> bool:
        return bool(self._jobs) and self._jobs[0][0] <= self.clock.now()

    def _pause(self) -> float | None:
        """Return for how long nothing is due; None if nothing is to come."""
        if not self._jobs:
            return None
        return max(0.001, (self._jobs[0][0] - self.clock.now()) * self.clock.pace)
