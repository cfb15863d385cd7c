"""The command of a proof, with a checker that knows two bugs of three."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.services.proof.command import Proof
from tests.services.proof.plan import Bug, Plan, planned


@dataclass(frozen=True)
class Short(Plan):
    """A plan with a number of its own."""

    clients: int = 3


BUGS = {
    name: Bug(name, f"the bug {name}", "lost doubled", Short(clients=clients))
    for name, clients in (("seen", 1), ("also-seen", 1), ("unseen", 2))
}


def proof(alarm: str = "") -> Proof[Short, list[str]]:
    def run(plan: Short, folder: Path, say: Any) -> list[str]:
        if not plan.bug:
            return [alarm] if alarm else []
        return ["problem"] if plan.bug == "unseen" else ["lost", "problem"]

    return Proof(
        name="nothing",
        bugs=BUGS,
        run=run,
        as_json=lambda outcome: {"clean": not outcome, "in_time": True},
        as_text=lambda found: f"the text of {found}",
        wrong=list,
        title=lambda plan: f"{plan.clients} clients",
    )


def tried(folder: Path, only: str, alarm: str = "") -> tuple[int, Any]:
    arguments = Namespace(only=only, seed=7, out=folder / "out")
    code = proof(alarm)._try_bugs(arguments, folder)
    return code, json.loads((folder / "out" / "report-bugs.json").read_text())


def test_all_bugs_must_be_caught_by_one_of_their_verdicts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = tried(tmp_path, "")
    assert capsys.readouterr().out.count("the text of") == 1  # that of the one not caught
    assert code == 1
    assert found["caught"] == {"seen": ["lost"], "also-seen": ["lost"], "unseen": []}
    assert found["without_a_bug"] == [[], []]  # one run for each plan


def test_a_run_without_a_bug_must_find_nothing(tmp_path: Path) -> None:
    (tmp_path / "well").mkdir()
    assert tried(tmp_path / "well", "seen,also-seen")[0] == 0
    (tmp_path / "alarm").mkdir()
    assert tried(tmp_path / "alarm", "seen,also-seen", alarm="late")[0] == 1


def test_an_unknown_bug_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such bug: nobody"):
        tried(tmp_path, "seen,nobody")


def test_a_plan_has_what_the_arguments_give() -> None:
    given = proof().parser("").parse_args(["--seed", "4", "--only", "a,b", "--nodes", "5"])
    plan = planned(Short(store="sqlite"), given)
    assert (plan.store, plan.seed, plan.nodes, plan.clients) == ("sqlite", 4, 5, 3)
    assert plan.nemeses == ["a", "b"]
    drawn = planned(Short(), proof().parser("").parse_args([]))
    assert drawn.nemeses == []


def test_what_an_unclean_run_wrote_is_kept(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "ledger.jsonl").write_text("one")
    for bug, code in (("seen", 1), ("", 0)):
        plan = Short(seed=9, bug=bug)
        assert proof()._carry_out(plan, tmp_path / "folder", tmp_path / "out") == code
    assert (tmp_path / "out" / "kept-9" / "ledger.jsonl").read_text() == "one"
