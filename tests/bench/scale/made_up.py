"""Unit costs that are made up, so that what is calculated of them can be said beforehand."""

from __future__ import annotations

from bench.scale.catalogue import UNITS
from bench.scale.units import Measured, Units

FREE = 0.0
LEAST = {
    "socket_kib": 10.0,
    "process_kib": 100_000.0,
    "mailed_wall_us": 100.0,
    "login_us": 1.0,
    "wakes": 100_000.0,
    "away_us": 10.0,
    "login_postgres_us": 1.0,
}


def units(**costs: float) -> Units:
    """Return unit costs: these, what nothing could do without, and nothing for all the rest."""
    given = {**LEAST, **costs}
    assert not given.keys() - {unit.name for unit in UNITS}
    return Units(
        {
            unit.name: Measured(given.get(unit.name, FREE), "abc", "2026-01-01", "here", 1)
            for unit in UNITS
        }
    )
