"""The alerts of one instrument: what a price fires, and what it arms again. Pure.

Prices come in the order of their arrival. One that is older than the newest, and the high and the
low of a hole, can fire but move nothing: whether an alert was armed by then is for the row to say.
Times are whole microseconds of the venue's clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

from hoardrun.market.alerts.book import Ladder
from hoardrun.market.alerts.choices import Metric
from hoardrun.market.alerts.missed import MissedPrice
from hoardrun.market.alerts.past import Past
from hoardrun.market.alerts.thresholds import change


class Number(NamedTuple):
    """A number of a series, the price that made it, and when that was."""

    value: int
    price: int
    at: int
    since: int | None = None  # it was so between this time and `at`, which is all we know

    @property
    def earliest(self) -> int:
        """Return the time before which it was not so."""
        return self.at if self.since is None else self.since


@dataclass(frozen=True, slots=True)
class Fires:
    """Alerts whose threshold some of these numbers reach, oldest first.

    The numbers come in the order of their times: an alert fires at the first that concerns it.
    """

    ids: Sequence[int]
    metric: Metric
    numbers: Sequence[Number]


@dataclass(frozen=True, slots=True)
class Rearms:
    """Repeated alerts whose number has come back: they are armed again."""

    ids: Sequence[int]
    metric: Metric
    price: int
    at: int


@dataclass(frozen=True, slots=True)
class Arms:
    """Alerts that the engine takes up: with the versions of their rows, and the price then."""

    ids: Sequence[int]
    versions: Sequence[int]
    price: int
    at: int


Effect = Fires | Rearms | Arms


@dataclass(frozen=True, slots=True)
class Waiting:
    """A repeated alert that has fired: armed again at `back`, once `ready_at` has passed.

    Numbers of before `fired_at` say nothing of its way back.
    """

    alert_id: int
    metric: Metric
    is_above: bool
    threshold: int
    back: int
    fired_at: int
    ready_at: int


class Board:
    """The alerts of one instrument, and the newest numbers of its series."""

    __slots__ = ("_cooling", "_ladders", "_moving", "_pasts", "_price", "_said_at", "_waiting",
                 "at", "references", "values")  # fmt: skip

    def __init__(self) -> None:
        self.at = -1
        self._said_at = -1  # of the newest price: older than `at` if that was begun with
        self.values: dict[Metric, int] = {}
        self.references: dict[Metric, int] = {}  # prices that changes are reckoned from
        self._ladders: dict[Metric, Ladder] = {}
        self._price = self.ladder(Metric.PRICE)
        self._moving: list[Metric] = []  # the changes that somebody waits for
        self._pasts: dict[Metric, Past] = {}
        self._waiting: dict[int, Waiting] = {}
        self._cooling: list[tuple[int, int]] = []  # ready_at and id, a heap

    def __len__(self) -> int:
        return sum(map(len, self._ladders.values())) + len(self._cooling)

    def ladder(self, metric: Metric) -> Ladder:
        """Return the entries of a series, for loading."""
        found = self._ladders.get(metric)
        if found is None:
            found = self._ladders[metric] = Ladder()
            if metric not in (Metric.PRICE, Metric.VOLUME):
                self._moving.append(metric)
        return found

    def watches(self) -> Sequence[Metric]:
        """Return the changes that somebody waits for: they need a reference."""
        return tuple(self._moving)

    # -- entries

    def arm(self, alert_id: int, metric: Metric, *, is_above: bool, threshold: int) -> None:
        """Watch for an alert. What it waits for already fires with `look`, or the next price."""
        self.ladder(metric).armed(is_above).add(threshold, alert_id)

    def wait(self, entry: Waiting) -> None:
        """Keep an alert that has fired until its number has come back, and it has cooled down."""
        self.ladder(entry.metric)
        self._waiting[entry.alert_id] = entry
        heappush(self._cooling, (entry.ready_at, entry.alert_id))

    # -- numbers

    def begin(self, price: int, at: int, judged_until: int = 0) -> None:
        """Set the price that is known before the first one comes. Fires nothing.

        Prices of before `judged_until`, too, are taken for missed ones.
        """
        self.at, self._said_at = max(at, judged_until), at
        self.values[Metric.PRICE] = price
        self._changes(price)

    def take(self, price: int, at: int, volume: int | None = None) -> list[Effect]:
        """Take in a price, and the volume of the window if it came along."""
        if at < self.at:
            return self.missed([MissedPrice(price, price, None, at)])
        effects: list[Effect] = []
        if self._cooling and self._cooling[0][0] <= at:
            self._cool(at, effects)
        self.at = self._said_at = at
        self.values[Metric.PRICE] = price
        ladder = self._price
        self._reach(ladder, Metric.PRICE, price, price, effects)
        if self._moving:
            self._changes(price)
            self._moved(price, effects)
        if volume is not None and Metric.VOLUME in self._ladders:
            self.values[Metric.VOLUME] = volume
            self._reach(self._ladders[Metric.VOLUME], Metric.VOLUME, volume, price, effects)
        return effects

    def refer(self, metric: Metric, reference: int) -> None:
        """Set the price that a change is reckoned from; `look` says what that fires."""
        self._pasts.pop(metric, None)
        self.references[metric] = reference
        if (price := self.values.get(Metric.PRICE)) is not None:
            self.values[metric] = change(price, reference)

    def remembers(self, metric: Metric) -> bool:
        """Say whether a change is reckoned from the past that is kept here."""
        return metric in self._pasts

    def remember(self, metric: Metric, past: Past) -> None:
        """Reckon a change from a price of the past from now on, which this keeps up."""
        if (reference := past.before(self.at)) is not None:
            self.refer(metric, reference)
        self._pasts[metric] = past

    def look(self) -> list[Effect]:
        """Say what the newest numbers fire: after alerts were armed, or references have moved."""
        effects: list[Effect] = []
        price = self.values.get(Metric.PRICE)
        if price is None:
            return effects
        for metric, ladder in self._ladders.items():
            if (value := self.values.get(metric)) is not None:
                self._reach(ladder, metric, value, price, effects)
        return effects

    def missed(self, prices: Sequence[MissedPrice]) -> list[Effect]:
        """Say what prices may fire that are not the newest, in the order of their times.

        They move nothing, and what they reach stays: of an alert that was armed later, the row says
        that it goes on waiting.
        """
        effects: list[Effect] = []
        for metric, ladder in self._ladders.items():
            numbers = [each for price in prices for each in self._numbers(metric, price)]
            if not numbers:
                continue
            values = [each.value for each in numbers]
            ids = {*ladder.rising.below(max(values)), *ladder.falling.above(min(values))}
            if ids:
                effects.append(Fires(sorted(ids), metric, numbers))
        return effects

    def _changes(self, price: int) -> None:
        for metric, past in self._pasts.items():
            past.add(price, self.at)
            if (reference := past.before(self.at)) is not None:
                self.references[metric] = reference
        for metric in self._moving:
            if (reference := self.references.get(metric)) is not None:
                self.values[metric] = change(price, reference)

    def _moved(self, price: int, effects: list[Effect]) -> None:
        for metric in self._moving:
            if (value := self.values.get(metric)) is not None:
                self._reach(self._ladders[metric], metric, value, price, effects)

    def _reach(
        self, ladder: Ladder, metric: Metric, value: int, price: int, effects: list[Effect]
    ) -> None:
        rising, falling = ladder.rising, ladder.falling
        if rising.thresholds and rising.thresholds[0] <= value:
            reached = sorted(rising.up_to(value))
            effects.append(Fires(reached, metric, (Number(value, price, self.at),)))
        if falling.thresholds and falling.thresholds[-1] >= value:
            reached = sorted(falling.down_to(value))
            effects.append(Fires(reached, metric, (Number(value, price, self.at),)))
        if ladder.fallen.thresholds or ladder.risen.thresholds:
            back = [*ladder.fallen.down_to(value), *ladder.risen.up_to(value)]
            self._rearm(back, metric, self.at, effects)

    def _numbers(self, metric: Metric, missed: MissedPrice) -> Iterator[Number]:
        """Yield what a price that was missed makes of a series, if that can be told."""
        for price in dict.fromkeys((missed.high, missed.low)):
            if metric is Metric.PRICE:
                yield Number(price, price, missed.until, missed.since)
            elif (reference := self.references.get(metric)) is not None:
                yield Number(change(price, reference), price, missed.until, missed.since)

    def _cool(self, at: int, effects: list[Effect]) -> None:
        """Let alerts that have cooled down wait for their way back, which may be behind them."""
        while self._cooling and self._cooling[0][0] <= at:
            entry = self._waiting.get(heappop(self._cooling)[1])
            if entry is None or entry.ready_at > at:  # armed again, or has fired again since
                continue
            value = self.values.get(entry.metric)
            if value is not None and self._said_at >= entry.fired_at and _is_back(entry, value):
                # Of what was missed, nothing of before its end concerns it.
                armed_at = max(self.at, entry.ready_at)
                self._rearm([entry.alert_id], entry.metric, armed_at, effects)
            else:
                side = self.ladder(entry.metric).waiting(entry.is_above)
                side.add(entry.back, entry.alert_id)

    def _rearm(self, ids: Sequence[int], metric: Metric, at: int, effects: list[Effect]) -> None:
        """Arm alerts again, but for those that have fired once more since, or were changed."""
        value = self.values[metric]
        entries = (self._waiting.get(each) for each in dict.fromkeys(ids))
        found = [
            entry
            for entry in entries
            if entry is not None and entry.ready_at <= at and _is_back(entry, value)
        ]
        for entry in found:
            del self._waiting[entry.alert_id]
            self.arm(entry.alert_id, metric, is_above=entry.is_above, threshold=entry.threshold)
        if found:
            back = [entry.alert_id for entry in found]
            effects.append(Rearms(back, metric, self.values[Metric.PRICE], at))


def _is_back(entry: Waiting, value: int) -> bool:
    return value <= entry.back if entry.is_above else value >= entry.back
