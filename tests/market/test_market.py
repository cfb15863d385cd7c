"""A short form of `make market`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.bugs import patching
from tests.market import report
from tests.market.bugs import BUGS
from tests.market.plan import Plan
from tests.market.run import run

SHORT = Plan(
    seed=1, alerts=120, minutes=0.3, scale=10.0, settling=4.0, faults=3,
    nemeses=("leader-kill", "leader-freeze"),
)  # fmt: skip


@pytest.mark.servers
@pytest.mark.operation
def test_no_alert_is_lost_or_doubled_while_leaders_are_killed(tmp_path: Path) -> None:
    outcome = run(SHORT, tmp_path)
    # `make market` judges how long it takes, with nothing beside it on the machine.
    found = set(outcome.wrong()) - {"late", "leaderless"}
    assert not found, report.as_text(report.as_json(outcome))
    assert outcome.verdict.figures["fired"]
    assert outcome.verdict.figures["failovers_seconds"]


@pytest.mark.parametrize("name", BUGS)
def test_each_seeded_bug_can_be_put_in(name: str) -> None:
    import tests.market.bugs.engine  # noqa: F401 which registers them

    patching.apply(name)
    patching.undo()
