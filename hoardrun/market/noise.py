"""A random walk that can be asked for any moment, forwards and backwards.

Fractal value noise: octave k has a random value at every 2^k-th tick, drawn from a
hash, and runs straight between them; the walk is their sum. Only additions and
multiplications are used, which IEEE 754 defines to the last bit, so every process on
every machine gets the same numbers. The sum of the amplitudes bounds the walk.
"""

from __future__ import annotations

import hashlib
from heapq import heappop, heappush
from itertools import accumulate

OCTAVES = 24  # of ticks of 100 ms: the slowest swing takes ten days
_TOP = OCTAVES - 1
# The amplitudes double less than every second octave, as Brownian motion's would: livelier
# close up. They are scaled so that a day moves the walk by about 1.
_ROUGHNESS = 1.32
_FINEST = 0.0039
_AMPLITUDES = tuple(accumulate([_ROUGHNESS] * _TOP, lambda a, b: a * b, initial=_FINEST))
# What all octaves below k can add at most, with a hair for rounding.
_BELOW = tuple(total + 1e-9 for total in accumulate(_AMPLITUDES, initial=0.0))
BOUND = _BELOW[OCTAVES]
_FEW = 50  # ticks that are looked at faster than searched
_MASK = (1 << 64) - 1


def _mix(value: int) -> int:
    """Scramble 64 bits (the finaliser of splitmix64)."""
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & _MASK
    return value ^ (value >> 31)


class Noise:
    """The walk that belongs to a seed. Threads may share it: what it keeps is only a memo."""

    def __init__(self, seed: str) -> None:
        digest = hashlib.blake2b(seed.encode(), digest_size=8).digest()
        self._seed = int.from_bytes(digest, "big")
        self._cells: list[tuple[int, float, float]] = [(-1, 0.0, 0.0)] * OCTAVES

    def at(self, tick: int) -> float:
        """Return the walk's value, between -BOUND and BOUND."""
        total = 0.0
        for octave in range(OCTAVES):
            index = tick >> octave
            cell = self._cells[octave]
            if cell[0] != index:
                cell = (index, self._knot(octave, index), self._knot(octave, index + 1))
                self._cells[octave] = cell
            _, left, right = cell
            size = 1 << octave
            total += left + (right - left) * ((tick & (size - 1)) / size)
        return total

    def chance(self, tick: int) -> float:
        """Draw a number from 0 to 1 that has nothing to do with the walk."""
        return self._draw(OCTAVES, tick)

    def highest(self, first: int, last: int) -> float:
        """Return the greatest value of all ticks from `first` to `last`, both included."""
        return self._extreme(first, last, 1.0)

    def lowest(self, first: int, last: int) -> float:
        """Return the least value of all ticks from `first` to `last`, both included."""
        return -self._extreme(first, last, -1.0)

    def _extreme(self, first: int, last: int, sign: float) -> float:
        """Search by best bound first: a day of 864,000 ticks takes some hundred steps.

        Between two neighbouring knots of octave k, all octaves from k up run straight, so
        their sum is greatest at one of them, and those below add `_BELOW[k]` at most.
        """
        if last - first < _FEW:
            return max(sign * self.at(tick) for tick in range(first, last + 1))
        best = max(sign * self.at(first), sign * self.at(last))
        heap: list[tuple[float, int, int, float, float]] = []
        for index in range(first >> _TOP, (last >> _TOP) + 1):
            left, right = sign * self._knot(_TOP, index), sign * self._knot(_TOP, index + 1)
            heappush(heap, (-max(left, right) - _BELOW[_TOP], _TOP, index, left, right))
        while heap and -heap[0][0] > best:
            _, octave, index, left, right = heappop(heap)
            if octave == 0:
                best = max(best, sign * self.at(index))
                continue
            octave -= 1
            middle = (left + right) / 2 + sign * self._knot(octave, 2 * index + 1)
            left += sign * self._knot(octave, 2 * index)
            right += sign * self._knot(octave, 2 * index + 2)
            halves = ((2 * index, left, middle), (2 * index + 1, middle, right))
            for half, start, end in halves:
                if half << octave <= last and (half + 1) << octave > first:
                    bound = max(start, end) + _BELOW[octave]
                    if bound > best:
                        heappush(heap, (-bound, octave, half, start, end))
        return best

    def _knot(self, octave: int, index: int) -> float:
        return (2 * self._draw(octave, index) - 1) * _AMPLITUDES[octave]

    def _draw(self, octave: int, index: int) -> float:
        key = self._seed + (index << 5 | octave) * 0x9E3779B97F4A7C15
        return (_mix(key & _MASK) >> 11) / (1 << 53)
