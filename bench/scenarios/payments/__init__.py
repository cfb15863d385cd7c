"""Payments by mobile money: callbacks, what the payer sees of them, and what a posting costs."""

from __future__ import annotations

from bench.scenario import LATENCIES, Scenario
from bench.scenarios.payments import callbacks, posting

SCENARIO = Scenario(
    name="payments",
    summary="callbacks of a provider, the stages that follow on a screen, and what a posting adds",
    parts=[callbacks.PART, posting.PART],
    columns=[*LATENCIES, *posting.COLUMNS],
    goals=[*callbacks.GOALS, *posting.GOALS],
    notes=[*callbacks.NOTES, *posting.NOTES],
)
