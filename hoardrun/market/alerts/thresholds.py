"""The rules of thresholds: which numbers may be waited for, and when one is reached. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from hoardrun.market import scaled
from hoardrun.market.alerts.choices import (
    CHANGE_DECIMALS,
    CHANGE_EXPONENT,
    AlertKind,
    Metric,
    exponent_of,
    metric_of,
)

MAX_CHANGE = 100_000 * 10**CHANGE_EXPONENT
MIN_CHANGE = -100 * 10**CHANGE_EXPONENT
_CHANGE_STEPS: int = 10 ** (CHANGE_EXPONENT + 2)  # in 1
_STEPS = 2  # of hysteresis, at least
_PER_MILLE = 1000
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,18})(\.\d{1,12})?", re.ASCII)


def read(text: str, kind: AlertKind, window: str, decimals: int) -> int:
    """Return a threshold as whole steps. Raises ValueError that says what is wrong."""
    metric = metric_of(kind, window)
    value = _steps(text, metric, decimals)
    if not kind.is_change:
        if value <= 0:
            raise ValueError("must be more than 0")
    elif not MIN_CHANGE <= value <= MAX_CHANGE or not value:
        raise ValueError("must be a change from -100 to 100000 percent, and not 0")
    return value


def read_hysteresis(text: str, kind: AlertKind, threshold: int, decimals: int) -> int:
    """Return a way back as whole steps. Raises ValueError that says what is wrong."""
    metric = Metric.CHANGE_DAY if kind.is_change else metric_of(kind, "")
    value = _steps(text, metric, decimals)
    if value < 0:
        raise ValueError("must not be less than 0")
    if kind.is_above and not kind.is_change and value >= threshold:
        raise ValueError("must be less than the threshold, which is never reached again otherwise")
    if value > scaled.MAX_SCALED - abs(threshold):
        raise ValueError("is too large")
    return value


def text(value: int, metric: Metric, decimals: int) -> str:
    """Write a number of a series: prices with all their decimals, others with those they need."""
    written = scaled.text(value, exponent_of(metric, decimals))
    if metric is Metric.PRICE or "." not in written:
        return written
    whole, _, rest = written.partition(".")
    rest = rest.rstrip("0")
    if metric is not Metric.VOLUME:
        rest = rest.ljust(CHANGE_DECIMALS, "0")
    return f"{whole}.{rest}" if rest else whole


def change(price: int, reference: int) -> int:
    """Return a change in ten-thousandths of a percent, rounded towards 0."""
    moved = (price - reference) * _CHANGE_STEPS
    return moved // reference if moved >= 0 else -((-moved) // reference)


def is_reached(is_above: bool, threshold: int, value: int) -> bool:
    """Say whether a number has reached a threshold; the threshold itself is reached."""
    return value >= threshold if is_above else value <= threshold


def way_back(is_above: bool, threshold: int, hysteresis: int | None, metric: Metric) -> int:
    """Return the number at which an alert that has fired is armed again.

    Without a hysteresis of its own, one tenth of a percent of the price away and at least two
    steps; a tenth of a percentage point for a change; one step for a volume.
    """
    if hysteresis is None:
        match metric:
            case Metric.PRICE:
                hysteresis = max(abs(threshold) // _PER_MILLE, _STEPS)
            case Metric.VOLUME:
                hysteresis = 1
            case _:
                hysteresis = 10 ** (CHANGE_EXPONENT - 1)
    # Never the threshold itself: that is where it fires.
    away = max(hysteresis, 1)
    return threshold - away if is_above else threshold + away


def _steps(text: str, metric: Metric, decimals: int) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError("must be a number such as 1250.50, as text")
    exponent = exponent_of(metric, decimals)
    places = exponent if metric in (Metric.PRICE, Metric.VOLUME) else CHANGE_DECIMALS
    value = Decimal(text)
    try:
        scaled.scale(value, places)
        return scaled.scale(value, exponent)
    except scaled.Unscalable:
        fraction = text.partition(".")[2]
        if len(fraction.rstrip("0")) > places:
            raise ValueError(f"has more than {places} decimals") from None
        raise ValueError("is too large") from None
