"""Schedules on a loop that runs what is ready in any order, which asyncio never does."""

from __future__ import annotations

from tests.simulation import run, stage
from tests.simulation.test_quiet import SEEDS


def test_no_promise_hangs_on_the_order_of_callbacks() -> None:
    with stage.replaced():
        played, found = run.look(SEEDS, only=lambda s: s.shuffled)
        assert found is None, found.report()
    assert played > 1200
