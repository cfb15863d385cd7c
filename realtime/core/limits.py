"""How much one socket may ask."""

from __future__ import annotations


class TokenBucket:
    """Allow `rate` messages a second on average, and `burst` at once."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._updated = 0.0

    def take(self, now: float) -> bool:
        """Take one token; False when there is none. `now` is monotonic seconds."""
        elapsed = max(0.0, now - self._updated)
        self._updated = now
        self._tokens = min(self._burst, self._tokens + elapsed * self._rate)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
