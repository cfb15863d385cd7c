"""The time at a source, by which its candles close. Pure.

A price that comes without delay tells the time at its source; between two prices the time goes on
with this machine's clock. So a recording of last year closes its candles as a live feed does, and
it does not matter by how much a machine's clock is wrong.
"""

from __future__ import annotations

WINDOW = 300_000_000  # microseconds: how long the smallest delay is remembered, once or twice


class SourceClock:
    """The time of one source. `now` is this machine's, by any clock that moves evenly."""

    def __init__(self) -> None:
        self._least: int | None = None  # delay, in this window
        self._before: int | None = None  # in the window before
        self._window_ends: int | None = None

    def hear(self, at: int, now: int) -> int:
        """Note that something of the source's time `at` has come; return the time there."""
        delay = now - at
        if self._window_ends is None or now >= self._window_ends:
            self._before, self._least = self._least, delay
            self._window_ends = now + WINDOW
        elif self._least is None or delay < self._least:
            self._least = delay
        return now - self._delay(delay)

    def time(self, now: int) -> int | None:
        """Return the time at the source, None if nothing has come of it."""
        return None if self._least is None else now - self._delay(self._least)

    def _delay(self, delay: int) -> int:
        least = delay if self._least is None else self._least
        return least if self._before is None else min(self._before, least)
