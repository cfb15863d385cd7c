"""Schedules in which layer, database and node fail, are slow, and come back."""

from __future__ import annotations

from tests.simulation.test_quiet import played


def test_everything_arrives_once_and_in_order_or_a_resync_says_so() -> None:
    assert played(lambda setting: not setting.quiet and not setting.shuffled) > 3000
