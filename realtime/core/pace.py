"""The pace of batches: the next one begins at once when little happens, later in a storm."""

from __future__ import annotations

# Each asker of the last batch delays the next by this much, so that from some 250
# a second batches grow, until they wait for as long as their pace allows at most.
SECONDS_PER_ASKER = 0.004


class Pace:
    """Computes how long to gather before the next batch. Times are monotonic seconds."""

    __slots__ = ("_max_seconds", "_next")

    def __init__(self, max_seconds: float) -> None:
        self._max_seconds = max_seconds
        self._next = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds to gather still; zero after a batch of one."""
        return max(0.0, self._next - now)

    def began(self, now: float, askers: int) -> None:
        """Note that a batch for this many askers begins."""
        self._next = now + min(self._max_seconds, askers * SECONDS_PER_ASKER)

    def ended(self, now: float) -> None:
        """Note that the batch is over."""


class Rest(Pace):
    """A pace that rests after each batch for as long as the batch took, by any number of askers.

    For those that need one batch after the other: they wait little while batches are quick, and
    share more of them the longer these take. A batch of one delays no other.
    """

    __slots__ = ("_askers", "_began")

    def began(self, now: float, askers: int) -> None:
        self._began, self._askers = now, askers

    def ended(self, now: float) -> None:
        if self._askers > 1:
            self._next = now + min(self._max_seconds, now - self._began)
