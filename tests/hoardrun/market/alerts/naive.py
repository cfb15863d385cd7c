"""Alerts by the plainest means: each price is compared with each alert. To compare with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hoardrun.market.alerts.board import Arms, Board, Effect, Fires, Number, Rearms, Waiting
from hoardrun.market.alerts.choices import Metric


def fires(
    ids: list[int], metric: Metric, value: int, price: int, at: int, since: int | None = None
) -> Fires:
    """Return what a board says of alerts that one number reaches."""
    return Fires(ids, metric, (Number(value, price, at, since),))


@dataclass
class Alert:
    """An alert as its row has it; times and prices are whole numbers."""

    id: int
    is_above: bool
    threshold: int
    back: int
    cooldown: int | None = None  # None: once
    state: str = "armed"
    armed_at: int = 0
    fired_at: int = 0
    ready_at: int = 0
    fired: list[tuple[int, int]] = field(default_factory=list)  # price and time

    def reached(self, price: int) -> bool:
        return price >= self.threshold if self.is_above else price <= self.threshold

    def is_back(self, price: int) -> bool:
        return price <= self.back if self.is_above else price >= self.back

    def fire(self, price: int, at: int) -> None:
        self.fired.append((price, at))
        self.state = "fired" if self.cooldown is None else "waiting"
        self.fired_at, self.ready_at = at, at + (self.cooldown or 0)


def scan(alerts: list[Alert], prices: list[tuple[int, int]], first: int) -> None:
    """Fire what each price fires, in the order of arrival."""
    newest, newest_at = first, 0
    for price, at in prices:
        for alert in alerts:
            if at < newest_at:
                if alert.state == "armed" and alert.reached(price) and at >= alert.armed_at:
                    alert.fire(price, at)
                continue
            if alert.state == "waiting" and at >= alert.ready_at and alert.is_back(newest):
                alert.state, alert.armed_at = "armed", max(newest_at, alert.ready_at)
            if alert.state == "armed" and alert.reached(price):
                alert.fire(price, at)
            elif alert.state == "waiting" and at >= alert.ready_at and alert.is_back(price):
                alert.state, alert.armed_at = "armed", at
        if at >= newest_at:
            newest, newest_at = price, at


class Store:
    """What the rows would answer to a board, at once."""

    def __init__(self, alerts: list[Alert], first: int) -> None:
        self.rows = {alert.id: alert for alert in alerts}
        self.board = Board()
        self.board.begin(first, 0)
        for alert in alerts:
            self._arm(alert)

    def take(self, price: int, at: int) -> None:
        self.settle(self.board.take(price, at))

    def settle(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Fires():
                    for alert in self._rows(effect):
                        self._fire(alert, effect)
                case Rearms():
                    for alert in self._rows(effect):
                        alert.state, alert.armed_at = "armed", effect.at
                case Arms():
                    raise AssertionError("A board arms nothing by itself.")

    def lead_again(self, price: int, at: int) -> None:
        """Begin as a new leader does: from the rows, and the last price that was noted."""
        self.board = Board()
        self.board.begin(price, at)
        for alert in self.rows.values():
            if alert.state == "armed":
                self._arm(alert)
            elif alert.state == "waiting":
                self.board.wait(_waiting(alert))

    def _rows(self, effect: Effect) -> Iterator[Alert]:
        return (self.rows[each] for each in effect.ids)

    def _fire(self, alert: Alert, effect: Fires) -> None:
        if alert.state != "armed":
            return
        for number in effect.numbers:
            if number.at >= alert.armed_at and alert.reached(number.value):
                alert.fire(number.price, number.at)
                if alert.state == "waiting":
                    self.board.wait(_waiting(alert))
                return
        self._arm(alert)

    def _arm(self, alert: Alert) -> None:
        self.board.arm(alert.id, Metric.PRICE, is_above=alert.is_above, threshold=alert.threshold)


def _waiting(alert: Alert) -> Waiting:
    return Waiting(
        alert.id, Metric.PRICE, alert.is_above, alert.threshold, alert.back,
        alert.fired_at, alert.ready_at,
    )  # fmt: skip
