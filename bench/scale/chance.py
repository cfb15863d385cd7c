"""Random counts from a seed: the same seed gives the same day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import exp, sqrt
from random import Random

_FEW = 50.0  # below it exactly, above it by the normal distribution


def poisson(random: Random, mean: float) -> int:
    """Return how many of a mean happen."""
    if mean >= _FEW:
        return max(0, round(random.gauss(mean, sqrt(mean))))
    limit, product, count = exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


def some(random: Random, count: int, share: float) -> int:
    """Return how many of `count` are among a share of all."""
    if count * share * (1 - share) >= _FEW:
        found = round(random.gauss(count * share, sqrt(count * share * (1 - share))))
        return min(count, max(0, found))
    if count <= _FEW:
        return sum(random.random() < share for _ in range(count))
    return min(count, poisson(random, count * share))


def spread(random: Random, count: int, places: int) -> Iterator[tuple[int, int]]:
    """Yield how many of `count` are in each of some places, all of them as likely."""
    if count < places * 4:
        found = Counter(random.randrange(places) for _ in range(count))
        yield from sorted(found.items())
        return
    each, more = divmod(count, places)
    ahead = set(random.sample(range(places), more))
    wide = sqrt(each)
    left = count
    for place in range(places - 1):
        those = min(left, max(0, round(random.gauss(each + (place in ahead), wide))))
        yield place, those
        left -= those
    yield places - 1, left
