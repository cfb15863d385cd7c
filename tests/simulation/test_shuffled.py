"""Schedules on a loop that runs what is ready in any order, which asyncio never does."""

from __future__ import annotations

from tests.simulation.test_quiet import played


def test_no_promise_hangs_on_the_order_of_callbacks() -> None:
    assert played(lambda setting: setting.shuffled) > 1200
