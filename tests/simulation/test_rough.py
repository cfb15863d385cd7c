"""Schedules in which layer, database and node fail, are slow, and come back."""

from __future__ import annotations

from tests.simulation import run, stage
from tests.simulation.test_quiet import SEEDS


def test_everything_arrives_once_and_in_order_or_a_resync_says_so() -> None:
    with stage.replaced():
        played, found = run.look(SEEDS, only=lambda s: not s.quiet and not s.shuffled)
        assert found is None, found.report()
    assert played > 3000
