"""The prices of the last hour or day: what a change is reckoned from. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_right

from hoardrun.market.alerts.choices import Metric

_SECOND = 1_000_000
SPANS = {Metric.CHANGE_HOUR: 3_600 * _SECOND, Metric.CHANGE_DAY: 86_400 * _SECOND}
STEPS = {Metric.CHANGE_HOUR: 10 * _SECOND, Metric.CHANGE_DAY: 60 * _SECOND}
_TRIM = 512  # entries that are over before memory moves


class Past:
    """The last price of each step of time, as far back as `span`. Times are microseconds."""

    def __init__(self, span: int, step: int) -> None:
        self.span, self._step = span, step
        self._times, self._prices = array("q"), array("q")

    def __len__(self) -> int:
        return len(self._times)

    def add(self, price: int, at: int) -> None:
        """Take in a price. One that is older than the newest changes nothing."""
        if self._times and at < self._times[-1]:
            return
        if self._times and at // self._step == self._times[-1] // self._step:
            self._times[-1], self._prices[-1] = at, price
            return
        self._times.append(at)
        self._prices.append(price)

    def before(self, at: int) -> int | None:
        """Return the price that held `span` before a time, None if that is not known."""
        place = bisect_right(self._times, at - self.span) - 1
        if place < 0:
            return None
        price = self._prices[place]
        if place > _TRIM:
            del self._times[:place], self._prices[:place]
        return price
