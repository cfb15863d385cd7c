"""The parts of the scenario `market` that run in processes of their own."""

from __future__ import annotations

CENTS = 100_000  # the price of each instrument, in its smallest step
