"""What a run is to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.services.proof import plan

SCALE = 10.0  # ladders' times are divided by it


@dataclass(frozen=True)
class Plan(plan.Plan):
    """The plan of a run."""

    notifications: int = 1000
    workers: int = 2
    devices: int = 60
    rate: float = 40.0  # notifications a second, of all producers
    scale: float = SCALE
    lease: float = 6.0  # seconds
    scene: str = ""  # a directed scene in place of chance
    troubles: Mapping[str, Mapping[str, float]] | None = None  # see `outside`
    mix: Mapping[str, float] | None = None  # of kinds; none: the usual one
    shown: float = 0.7  # the share of push messages that a browser says it has shown
    changes: float = 1.0  # how often users change something, against the usual

    @property
    def users(self) -> int:
        """Return how many there are, so that some have two devices."""
        return max(4, self.devices * 2 // 3)
