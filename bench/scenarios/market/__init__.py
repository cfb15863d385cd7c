"""Prices: what alerts take in memory, and what ticks cost on their way to rooms and people."""

from __future__ import annotations

from bench.scenario import LATENCIES, Scenario
from bench.scenarios.market import alerts, book, ticks

_MODULES = (book, alerts, ticks)

SCENARIO = Scenario(
    name="market",
    summary="a million alerts, the way from a tick to a notification, and 10,000 ticks a second",
    parts=[module.PART for module in _MODULES],
    columns=[*book.COLUMNS, *LATENCIES, *ticks.COLUMNS],
    goals=[goal for module in _MODULES for goal in module.GOALS],
    notes=[note for module in _MODULES for note in module.NOTES],
)
