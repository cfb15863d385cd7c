"""How long to wait before something is tried again, and how often it may be done. Pure."""

from __future__ import annotations

import random
from collections import deque
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_SECONDS = 0.5
MAX_SECONDS = 60.0
MAX_RETRY_AFTER_SECONDS = 3600.0


class Backoff:
    """Delays between attempts: drawn from zero to a bound that doubles from 0.5 s up to 60 s.

    The draw spreads the attempts of many sessions. Only `reset` makes the bound small again.
    """

    def __init__(self, draw: random.Random | None = None) -> None:
        self._draw = draw or random.Random()
        self.failures = 0

    def delay(self) -> float:
        """Return the seconds to wait after one more failure."""
        bound = min(MAX_SECONDS, FIRST_SECONDS * 2 ** min(self.failures, 10))
        self.failures += 1
        return self._draw.uniform(0, bound)

    def reset(self) -> None:
        self.failures = 0


class Budget:
    """Allow a number of uses in any period of so many seconds."""

    def __init__(self, uses: int, seconds: float) -> None:
        self._seconds = seconds
        self._used: deque[float] = deque(maxlen=max(1, uses))

    def wait(self, now: float) -> float:
        """Return the seconds until one more use is allowed."""
        if len(self._used) < (self._used.maxlen or 1):
            return 0.0
        return max(0.0, self._used[0] + self._seconds - now)

    def use(self, now: float) -> None:
        self._used.append(now)


def retry_after(text: str | None, now: datetime | None = None) -> float | None:
    """Read a Retry-After header: seconds from now, at most an hour; None if there is none."""
    if not text:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return min(max(0.0, seconds), MAX_RETRY_AFTER_SECONDS)
