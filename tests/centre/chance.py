"""What befalls the calls of providers, by seed."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Mapping

# How often each trouble befalls a call, unless a run says otherwise.
TROUBLES: Mapping[str, float] = {
    "drop": 0.01, "accept_and_drop": 0.01, "later": 0.01, "broken": 0.005, "hang": 0.002,
    "unroutable": 0.01,
}  # fmt: skip


class Chance:
    """Decides by seed what befalls a call; those that are held wait until they are released."""

    def __init__(self, seed: int, troubles: Mapping[str, float]) -> None:
        self.troubles = dict(troubles)
        self.next: dict[str, deque[str]] = {}  # by provider: what befalls its next calls
        self.released = threading.Event()
        self._rng = random.Random(seed)
        self._lock = threading.Lock()

    def how(self, provider: str) -> str:
        """Return what befalls this call; "" if nothing does."""
        with self._lock:
            if self.next.get(provider):
                return self.next[provider].popleft()
            drawn = self._rng.random()
            for name, share in self.troubles.items():
                drawn -= share
                if drawn < 0:
                    return name
            return ""

    def draw(self) -> float:
        with self._lock:
            return self._rng.random()
