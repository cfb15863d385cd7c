"""What a run is to do."""

from __future__ import annotations

from dataclasses import dataclass

from tests.services.proof import plan


@dataclass(frozen=True)
class Plan(plan.Plan):
    """The plan of a run. The venue trades in true time, whatever `scale` is."""

    nodes: int = 2
    users: int = 20
    alerts: int = 600
    minutes: float = 5.0  # for which the venue trades, at least
    trades: float = 60.0  # bursts of each pair in a minute
    late: int = 12  # of so many bursts one comes ten seconds late
    cooldown: int = 15  # seconds of repeated alerts: longer than from a spike to the next
    settling: float = 20.0  # seconds: a candle is closed, and a hole asked for once more
    scale: float = 1.0  # the times of leases and of connections are divided by it

    @property
    def failover(self) -> float:
        """Return how many seconds may pass until another leads: of a lease, and of a look."""
        return 11.0 / self.scale + OWN_SECONDS

    @property
    def telling(self) -> float:
        """Return how many seconds may pass until an alert is told, also across a failover.

        An only node, as on SQLite, is away for as long as it is held.
        """
        is_alone = self.store == "sqlite" or self.nodes == 1
        away = self.hold + OWN_SECONDS if is_alone else self.failover
        return away + ASKING_SECONDS

    @property
    def hold(self) -> float:
        """Return for how many seconds a leader is frozen: longer than its lease lasts."""
        return 15.0 / self.scale


# What two cores need for a process that wakes up, whatever the lease's times are.
OWN_SECONDS = 1.0
# In which a new leader connects to the venue, and asks what it has missed.
ASKING_SECONDS = 3.0
