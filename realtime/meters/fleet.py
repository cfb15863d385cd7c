"""Numbers that are true of the whole deployment and kept in the database, such as the log's size.

Apps register theirs in `ready()`. `manage.py metrics` prints them, and one live node serves them
with its own numbers, so that a sum over nodes does not multiply them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from realtime.meters.kinds import Meter, Values

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """Gauges that one function reads at once; it returns their values by name.

    A value is a number, or a dict of them by label values. Missing ones are unknown, such
    as of locks on SQLite. It must be cheap: a scrape may ask every ten seconds.
    """

    meters: tuple[Meter, ...]
    read: Callable[[], dict[str, Any]]


_readings: list[Reading] = []


def gauge(name: str, text: str, **labels: Values) -> Meter:
    """Declare a gauge of the deployment."""
    return Meter(name, "gauge", text, labels)


def counter(name: str, text: str, **labels: Values) -> Meter:
    """Declare a number that only grows, and that the database keeps."""
    return Meter(name, "counter", text, labels)


def register(*readings: Reading) -> None:
    """Register readings; each once."""
    _readings.extend(reading for reading in readings if reading not in _readings)


def meters() -> list[Meter]:
    """List all that is declared."""
    return [meter for reading in _readings for meter in reading.meters]


def read() -> Iterator[tuple[Meter, Any]]:
    """Read everything; what fails is logged and left out."""
    for reading in _readings:
        try:
            found = reading.read()
        except Exception as error:
            logger.warning("%s not read: %r", reading.meters[0].full_name, error)
            continue
        for meter in reading.meters:
            if found.get(meter.name) is not None:
                yield meter, found[meter.name]
