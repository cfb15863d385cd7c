"""The words of price alerts, and what each kind of alert watches. Pure."""

from __future__ import annotations

from enum import IntEnum

from django.db.models import TextChoices

from hoardrun.market.scaled import VOLUME_EXPONENT

CHANGE_EXPONENT = 4  # decimals of a change in percent, as it is compared
CHANGE_DECIMALS = 2  # of a change in percent, as users give it


class AlertKind(TextChoices):
    PRICE_ABOVE = "price_above", "Price rises to"
    PRICE_BELOW = "price_below", "Price falls to"
    CHANGE_ABOVE = "change_above", "Change in percent rises to"
    CHANGE_BELOW = "change_below", "Change in percent falls to"
    VOLUME_ABOVE = "volume_above", "Volume rises to"

    @property
    def is_above(self) -> bool:
        return self.value.endswith("_above")

    @property
    def is_price(self) -> bool:
        return self.value.startswith("price_")

    @property
    def is_change(self) -> bool:
        return self.value.startswith("change_")


class Window(TextChoices):
    """The time that a change is reckoned over."""

    DAY = "24h", "24 hours"
    HOUR = "1h", "One hour"
    SESSION = "session", "Since the previous close"


class AlertMode(TextChoices):
    ONCE = "once", "Once"
    REPEAT = "repeat", "Repeatedly"


class AlertState(TextChoices):
    """The states of an alert. The engine alone moves it to armed, and from there to fired."""

    PENDING = "pending", "Not yet watched"
    ARMED = "armed", "Watched"
    WAITING_REARM = "waiting_rearm", "Has fired, waits for the way back"
    FIRED = "fired", "Has fired"
    PAUSED = "paused", "Paused by the user"
    EXPIRED = "expired", "Expired"


class Metric(IntEnum):
    """The series of numbers that alerts of an instrument watch."""

    PRICE = 0
    CHANGE_DAY = 1
    CHANGE_HOUR = 2
    CHANGE_SESSION = 3
    VOLUME = 4


CHANGES = {
    Window.DAY.value: Metric.CHANGE_DAY,
    Window.HOUR.value: Metric.CHANGE_HOUR,
    Window.SESSION.value: Metric.CHANGE_SESSION,
}


def metric_of(kind: str, window: str) -> Metric:
    """Return what an alert watches; `window` counts for changes only."""
    chosen = AlertKind(kind)
    if chosen.is_change:
        return CHANGES[window]
    return Metric.PRICE if chosen.is_price else Metric.VOLUME


def exponent_of(metric: Metric, decimals: int) -> int:
    """Return the exponent of a metric's numbers, for an instrument with so many decimals."""
    match metric:
        case Metric.PRICE:
            return decimals
        case Metric.VOLUME:
            return VOLUME_EXPONENT
        case _:
            return CHANGE_EXPONENT
