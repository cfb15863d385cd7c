"""The clock of a session. A rate above one makes its time run faster, for tests and replays."""

from __future__ import annotations

import asyncio
import time

MIN_REAL_SECONDS = 0.01  # so that a fast clock leaves the processor to others


class Pace:
    """Monotonic seconds, `rate` of them in each real one."""

    def __init__(self, rate: float = 1.0) -> None:
        self.rate = rate

    def now(self) -> float:
        return time.monotonic() * self.rate

    def real(self, seconds: float) -> float:
        """Return how many real seconds a time takes."""
        return max(MIN_REAL_SECONDS, seconds / self.rate)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(self.real(seconds))
