"""Notifications that leave the app: what their ladders, messages and answers cost."""

from __future__ import annotations

from bench.scenario import Column, Scenario
from bench.scenarios.notify import acks, commit, judging, mailing, pushing, unread, why

_MODULES = (commit, judging, acks, pushing, why, unread, mailing)

SCENARIO = Scenario(
    name="notify",
    summary="ladders, web pushes, large inboxes and mailings, and the page that says why",
    parts=[module.PART for module in _MODULES],
    columns=[
        Column("cpu_us", "CPU µs each", 0),
        Column("postgres_us", "PostgreSQL", 0),
        Column("both_us", "both", 0),
        Column("wall_us", "time µs", 0),
        Column("second", "each second", 0),
        *pushing.COLUMNS,
        *acks.COLUMNS,
        *why.COLUMNS,
        *unread.COLUMNS,
        *mailing.COLUMNS,
    ],
    goals=[goal for module in _MODULES for goal in module.GOALS],
    notes=[note for module in _MODULES for note in module.NOTES],
)
