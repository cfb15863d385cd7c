"""What a run is to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SCALE = 10.0  # ladders' times are divided by it


@dataclass(frozen=True)
class Plan:
    """The plan of a run. `nemeses` are names to choose from; none means all of the store."""

    store: str = "postgres"
    seed: int = 0
    notifications: int = 1000
    workers: int = 2
    nodes: int = 2
    devices: int = 60
    producers: int = 2
    rate: float = 40.0  # notifications a second, of all producers
    faults: int = 0
    scale: float = SCALE
    lease: float = 6.0  # seconds
    nemeses: Sequence[str] = ()
    bug: str = ""
    scene: str = ""  # a directed scene in place of chance
    troubles: Mapping[str, float] | None = None
    mix: Mapping[str, float] | None = None  # of kinds; none: the usual one
    shown: float = 0.7  # the share of push messages that a browser says it has shown
    changes: float = 1.0  # how often users change something, against the usual
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def users(self) -> int:
        """Return how many there are, so that some have two devices."""
        return max(4, self.devices * 2 // 3)
