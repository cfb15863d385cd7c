"""Schedules in which nothing fails: the layer alone must do, without a look at the log."""

from __future__ import annotations

from tests.simulation import run, stage

# With those of test_rough.py and test_shuffled.py, each once; `make simulation` plays others.
SEEDS = range(6000)


def test_everything_arrives_without_a_reconcile() -> None:
    with stage.replaced():
        played, found = run.look(SEEDS, only=lambda s: s.quiet and not s.shuffled)
        assert found is None, found.report()
    assert played > 900
