"""Leaders that follow each other tell repeated alerts once a cooldown, and lose none."""

from __future__ import annotations

from random import Random

from tests.hoardrun.market.alerts.terms import Play

PLAYS = 200


def test_a_repeated_alert_is_told_again_only_when_it_was_armed_again() -> None:
    """Prices come late or are told when a leader asks, rows are stored late, and leaders die."""
    told = 0
    for seed in range(PLAYS):
        play = Play(Random(seed))
        play.run()
        assert list(play.wrongly_told()) == [], f"seed {seed}"
        told += sum(map(len, play.told.values()))
    assert told > 50 * PLAYS
