"""The verdicts, and how many violations of each there were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from tests.services.proof import outcome

VERDICTS = {
    "missed": "required or wanted, nobody was reached, and no provider was asked",
    "doubled": "taken twice, and no row says that it may be",
    "needless": "sent although the last look must have known better",
    "wrong_user": "sent to somebody else",
    "wrong_time": "sent in a quiet time, or before its time",
    "unwanted": "sent although its user had switched it off",
    "unexplained": "nothing in the database says why",
}
LATE_SECONDS = 2.0  # that a rung may fire after its time (p99), once faults are healed
MOMENT = 0.05  # by which clocks of one machine may differ
REGISTRY = 3.0  # seconds until the registry of sockets is surely known


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the middle one, the one that one in a hundred exceeds, and the greatest."""
    found = sorted(values)
    places = {"p50": len(found) // 2, "p99": int(0.99 * len(found)), "max": len(found) - 1}
    return {name: round(found[at], 3) if found else 0.0 for name, at in places.items()}


@dataclass
class Verdict(outcome.Verdict):
    """And the times of rungs."""

    names: ClassVar[Mapping[str, str]] = VERDICTS
    # Seconds from when each rung was due, or all was whole again, to its first call: as `times`.
    late: list[float] = field(default_factory=list)
    parts: dict[str, list[float]] = field(default_factory=dict)

    @property
    def p99(self) -> float:
        """Return how late a rung fired, but for one in a hundred."""
        return spread(self.late)["p99"]

    @property
    def in_time(self) -> bool:
        return self.p99 <= LATE_SECONDS
