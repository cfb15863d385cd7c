"""The kinds of meters, and how a table declares them: as fields of a dataclass.

    @dataclass(slots=True)
    class Meters:
        opened: Counter[str] = counter("Sockets opened.", client=NAMES)
        login_seconds: Histogram = histogram("Time of a login.", SECONDS)

A label has fixed values: at a scrape, what is not among them counts as `other`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

PREFIX = "hoardrun_"
OTHER = "other"
# Upper bounds of buckets, in seconds: of what a node does at once, and of what may wait.
FAST = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
SLOW = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
COUNTS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)

Kind = Literal["counter", "gauge", "histogram"]
# The values of a label: those there are, or a function that lists them once apps have loaded.
Values = Collection[str] | Callable[[], Collection[str]]


class Histogram:
    """Counts of what was observed, by upper bound, and the sum of it."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        return sum(self.counts)

    def quantile(self, part: float) -> float | None:
        """Estimate a quantile as Prometheus does: evenly within its bucket; None of nothing.

        What is above the last bound counts as that bound.
        """
        left, below = part * self.count, 0.0
        if not self.count:
            return None
        for count, bound in zip(self.counts, self.bounds, strict=False):
            if count and left <= count:
                return below + (bound - below) * left / count
            left, below = left - count, bound
        return self.bounds[-1]

    def since(self, counts: Sequence[int]) -> Histogram:
        """Return what was observed since it had these counts; its sum is not known."""
        later = Histogram(self.bounds)
        later.counts = [now - then for now, then in zip(self.counts, counts, strict=True)]
        return later


@dataclass(frozen=True)
class Meter:
    """The declaration of one meter, from which documents and scrapes are made."""

    name: str
    kind: Kind
    help: str
    labels: dict[str, Values] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """Return the name as a scrape has it; the parts of a histogram append to it."""
        return f"{PREFIX}{self.name}{'_total' if self.kind == 'counter' else ''}"

    def folded(self, found: dict[Any, Any]) -> dict[tuple[str, ...], Any]:
        """Return values by all labels, those of unknown labels added up as `other`."""
        known = [set(v() if callable(v) else v) for v in self.labels.values()]
        sums: dict[tuple[str, ...], Any] = {}
        for key, value in list(found.items()):
            labels = key if isinstance(key, tuple) else (key,)
            names = tuple(
                str(label) if str(label) in values else OTHER
                for label, values in zip(labels, known, strict=True)
            )
            sums[names] = value if names not in sums else _added(sums[names], value)
        return sums


def _added(one: Any, other: Any) -> Any:
    if not isinstance(one, Histogram):
        return one + other
    both = Histogram(one.bounds)
    both.counts = [a + b for a, b in zip(one.counts, other.counts, strict=True)]
    both.sum = one.sum + other.sum
    return both


def declared(table: Any) -> list[Meter]:
    """List the meters of a table, which is a dataclass or one of its instances."""
    return [Meter(each.name, **each.metadata) for each in fields(table) if each.metadata]


def counter(text: str, **labels: Values) -> Any:
    """Declare a number that only grows: an int, or with labels a Counter by their values.

    With several labels its keys are tuples.
    """
    told = {"kind": "counter", "help": text, "labels": labels}
    if labels:
        return field(default_factory=Counter, metadata=told)
    return field(default=0, metadata=told)


def histogram(text: str, bounds: Sequence[float], **labels: Values) -> Any:
    """Declare a distribution: a Histogram, or with labels a dict of them by their values."""
    told = {"kind": "histogram", "help": text, "labels": labels}
    if not labels:
        return field(default_factory=lambda: Histogram(bounds), metadata=told)
    return field(default_factory=lambda: ByLabel(bounds), metadata=told)


class ByLabel(dict[Any, Histogram]):
    """Histograms by label values, each made when it is first asked for."""

    def __init__(self, bounds: Sequence[float]) -> None:
        super().__init__()
        self._bounds = bounds

    def __missing__(self, key: Any) -> Histogram:
        made = self[key] = Histogram(self._bounds)
        return made
