"""Schedules in which nothing fails: the layer alone must do, without a look at the log."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation import run, stage
from tests.simulation.world import Setting

# With those of test_rough.py and test_shuffled.py, each once; `make simulation` plays others.
SEEDS = range(6000)


def played(only: Callable[[Setting], bool]) -> int:
    """Play some of the schedules, none of which may break a promise; return how many."""
    with stage.replaced():
        count, found = run.look(SEEDS, only=only)
        assert found is None, found.report()
    return count


def test_everything_arrives_without_a_reconcile() -> None:
    assert played(lambda setting: setting.quiet and not setting.shuffled) > 900
