"""A short form of `make centre`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.centre import report
from tests.centre.bugs import BUGS
from tests.centre.plan import Plan
from tests.centre.run import run
from tests.faults.bugs import patching

SHORT = Plan(
    seed=1, notifications=120, workers=2, nodes=1, devices=18, producers=1, rate=40.0, scale=200.0,
    faults=2, nemeses=("worker-kill", "worker-freeze", "sms-stop", "mail-bounce"), lease=3.0,
)  # fmt: skip


@pytest.mark.servers
@pytest.mark.operation
@pytest.mark.reported(number=20)
@pytest.mark.reported(number=26)
def test_nothing_is_missed_doubled_or_wrong_while_workers_are_killed(tmp_path: Path) -> None:
    outcome = run(SHORT, tmp_path)
    assert outcome.clean, report.as_text(report.as_json(outcome))
    assert outcome.verdict.figures["deliveries"] > 100


@pytest.mark.parametrize("name", BUGS)
def test_each_seeded_bug_can_be_put_in(name: str) -> None:
    import tests.centre.bugs.deciding
    import tests.centre.bugs.sending  # noqa: F401 which register theirs

    patching.apply(name)
    patching.undo()
