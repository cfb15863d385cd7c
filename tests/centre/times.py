"""How late rungs fired, and where their time went. Pure.

A rung fires when its first call begins. What fired while something was broken says nothing of the
promise, which is for after the healing; so it is counted apart. What was due before the healing,
and fired after it, is measured from the healing on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.centre.verdict import MOMENT

# From the moment on at which a rung is due, or at which what was broken is whole again.
PARTS = ("due to judged", "judged to claimed", "claimed to called")


class Fired(NamedTuple):
    """A rung that fired: when it was due, decided, claimed and called for the first time."""

    due: float
    judged: float
    claimed: float
    called: float


@dataclass
class Times:
    """The times of all rungs of a run, against its faults: (began, healed), none within another."""

    faults: Sequence[tuple[float, float]]
    late: list[float] = field(default_factory=list)
    parts: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PARTS})
    during: int = 0  # that fired while something was broken

    def __post_init__(self) -> None:
        self.faults = sorted(self.faults)

    def add(self, one: Fired) -> None:
        """Measure a rung, unless it fired before its time, as some may, or during a fault."""
        if one.judged < one.due - MOMENT:
            return
        last = bisect_right(self.faults, (one.called, float("inf"))) - 1
        healed = self.faults[last][1] if last >= 0 else 0.0
        if healed >= one.called:
            self.during += 1
            return
        since = max(one.due, healed)
        moments = [since, *(max(since, at) for at in one[1:])]
        self.late.append(one.called - since)
        for name, began, ended in zip(PARTS, moments, moments[1:], strict=False):
            self.parts[name].append(ended - began)
