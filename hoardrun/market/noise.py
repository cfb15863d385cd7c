"""Numbers that move the simulated market: they look random, and every process gets the same.

All are pure functions of a seed and a tick. Called by the simulator and its feed.
"""

from __future__ import annotations

import random
from functools import lru_cache, partial
from hashlib import blake2b
from math import sin, tau

MINUTE = 600  # ticks of 100 ms
GRID = 10 * MINUTE
# Periods in minutes, and amplitudes. They move the walk by about 1 in a day.
_SLOW = ((34_000, 2.4), (13_000, 1.6), (5600, 1.0), (2400, 0.6), (1000, 0.3))
_FAST = ((47, 0.15), (13, 0.08), (3.1, 0.05), (0.7, 0.04), (0.19, 0.02))
BOUND = sum(amplitude for _, amplitude in (*_SLOW, *_FAST))


class Walk:
    """A sum of sines whose periods and phases are drawn from a seed."""

    def __init__(self, seed: str) -> None:
        draw = random.Random(seed).random

        def waves(shape: tuple[tuple[float, float], ...]) -> list[tuple[float, float, float]]:
            """Return each sine's amplitude, angle per tick and phase."""
            return [
                (amplitude, tau / (period * MINUTE * (0.8 + 0.4 * draw())), tau * draw())
                for period, amplitude in shape
            ]

        self._slow, self._fast = waves(_SLOW), waves(_FAST)
        self._grid_level = lru_cache(maxsize=8192)(partial(_sum, self._slow))  # a month's
        drift = sum(amplitude * angle * GRID for amplitude, angle, _ in self._slow)
        self._margin = drift + sum(amplitude for amplitude, _, _ in self._fast)

    def at(self, tick: int) -> float:
        """Return the walk's value, between -BOUND and BOUND."""
        return _sum(self._slow, tick) + _sum(self._fast, tick)

    def extremes(self, first: int, last: int) -> tuple[float, float]:
        """Return an upper and a lower bound of the walk from `first` to `last`, both included.

        They are close to its extremes: the slow sines are read on a grid, and the fast ones
        reach their amplitudes within minutes. A later `last` never brings them closer.
        """
        levels = [self._grid_level(tick) for tick in range(first, last + 1, GRID)]
        return max(levels) + self._margin, min(levels) - self._margin


@lru_cache(maxsize=1024)
def walk(seed: str) -> Walk:
    """Return the walk that belongs to a seed."""
    return Walk(seed)


def chance(seed: str, number: int) -> float:
    """Draw a number from 0 to 1."""
    digest = blake2b(f"{seed} {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _sum(waves: list[tuple[float, float, float]], tick: int) -> float:
    return sum(amplitude * sin(angle * tick + phase) for amplitude, angle, phase in waves)
