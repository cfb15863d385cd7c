"""A short form of `make payments`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.bugs import patching
from tests.payments import report
from tests.payments.bugs import BUGS
from tests.payments.plan import Plan
from tests.payments.run import run

# No worker is killed: what it has claimed is left alone for a minute, which no setting divides.
SHORT = Plan(
    seed=1, payments=188, workers=1, nodes=1, users=8, rate=20.0, scale=60.0, silence=0.2,
    refunds=0.3, faults=2, nemeses=("node-kill", "callbacks-lost"),
)  # fmt: skip


@pytest.mark.servers
@pytest.mark.operation
def test_no_money_is_lost_or_doubled_while_a_node_is_killed(tmp_path: Path) -> None:
    outcome = run(SHORT, tmp_path)
    assert outcome.clean, report.as_text(report.as_json(outcome))
    figures = outcome.verdict.figures
    refunds = sum(figures["refunds"].values())
    assert refunds and figures["bills"]
    assert figures["payments"] == SHORT.payments + refunds


@pytest.mark.parametrize("name", BUGS)
def test_each_seeded_bug_can_be_put_in(name: str) -> None:
    import tests.payments.bugs.moving  # noqa: F401 which registers them

    patching.apply(name)
    patching.undo()
