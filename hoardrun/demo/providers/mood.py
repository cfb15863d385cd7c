"""Decide by a seed how a provider misbehaves: the same requests in order meet the same troubles."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from typing import Literal, get_args

# `drop`: close without an answer; `accept_and_…`: do what was asked, and then that. The last three
# are answers of the provider: too many requests, a fault of its own, and, of Twilio, no route.
Trouble = Literal[
    "drop", "accept_and_drop", "hang", "accept_and_hang", "too_many", "broken", "unroutable"
]  # fmt: skip


@dataclass(frozen=True)
class Mood:
    """Shares, of one, of the requests that meet each trouble, and of the reports that go astray.

    `late` reports wait up to `late_seconds`, and so come in another order; `doubled` ones come
    again, as late.
    """

    seed: int = 0
    drop: float = 0
    accept_and_drop: float = 0
    hang: float = 0
    accept_and_hang: float = 0
    too_many: float = 0
    broken: float = 0
    unroutable: float = 0
    late: float = 0
    doubled: float = 0
    late_seconds: float = 3
    _requests: itertools.count[int] = field(default_factory=itertools.count, repr=False)
    _reports: itertools.count[int] = field(default_factory=itertools.count, repr=False)

    def trouble(self) -> Trouble | None:
        """Return what the next request meets."""
        chance = random.Random(f"{self.seed} request {next(self._requests)}").random()
        troubles: tuple[Trouble, ...] = get_args(Trouble)
        for name in troubles:
            chance -= getattr(self, name)
            if chance < 0:
                return name
        return None

    def delays(self) -> list[float]:
        """Return after how many more seconds each copy of the next report is posted."""
        chance = random.Random(f"{self.seed} report {next(self._reports)}")
        first = chance.random() * self.late_seconds if chance.random() < self.late else 0
        again = chance.random() < self.doubled
        return [first, first + chance.random() * self.late_seconds] if again else [first]
