"""Medians, ratios, goals, and what the table says of a run that failed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import report
from bench.goals import Goal, Verdict
from bench.results import Results, Sample, quantile
from bench.scenario import Column, Scenario
from hoardrun import __version__
from tests.services.stamp import Stamp

OURS, THEIRS = ("burst", "ours"), ("burst", "theirs")


def results(*samples: tuple[str, float] | tuple[str, float, str]) -> Results:
    made = Results()
    for contender, value, *problems in samples:
        number = len([sample for sample in made.samples if sample.contender == contender])
        made.samples.append(Sample("burst", contender, number, {"cpu": value}, problems))
    return made


def test_a_figure_is_the_median_of_its_rounds() -> None:
    made = results(("ours", 1), ("ours", 9), ("ours", 2))
    assert made.figure("burst", "ours", "cpu") == 2
    assert made.figure("burst", "ours", "memory") is None
    assert made.figure("burst", "theirs", "cpu") is None


def test_a_round_that_lost_a_message_gives_no_figure() -> None:
    made = results(("ours", 1, "3 missing"), ("ours", 5))
    assert made.figure("burst", "ours", "cpu") == 5
    assert made.failed()
    assert made.problems("burst", "ours") == ["round 0: 3 missing"]
    assert not results(("ours", 1)).failed()


@pytest.mark.parametrize(
    ("ours", "limit", "verdict"),
    [(5, 0.5, Verdict.MET), (5.01, 0.5, Verdict.MISSED), (20, 2.0, Verdict.MET)],
)
def test_a_goal_is_a_ratio_within_the_run(ours: float, limit: float, verdict: Verdict) -> None:
    goal = Goal("cpu", "cpu", OURS, limit, THEIRS)
    assert goal.verdict(results(("ours", ours), ("theirs", 10))) is verdict


def test_a_goal_compares_within_each_round() -> None:
    ours = [("ours", 1.0), ("ours", 30.0), ("ours", 9.0)]
    made = results(*ours, ("theirs", 10), ("theirs", 100), ("theirs", 1, "1 doubled"))
    goal = Goal("cpu", "cpu", OURS, 0.5, THEIRS)
    assert goal.ratios(made) == [0.1, 0.3]
    assert goal.ratio(made) == pytest.approx(0.2)


def test_a_goal_without_its_peer_is_not_measured() -> None:
    goal = Goal("cpu", "cpu", OURS, 0.5, THEIRS)
    assert goal.verdict(results(("ours", 5))) is Verdict.ABSENT
    assert goal.verdict(results(("theirs", 5))) is Verdict.ABSENT
    assert goal.verdict(results(("ours", 5), ("theirs", 5, "1 doubled"))) is Verdict.ABSENT


def test_a_goal_without_a_peer_is_a_limit() -> None:
    goal = Goal("memory", "cpu", OURS, 20)
    assert goal.verdict(results(("ours", 20))) is Verdict.MET
    assert goal.ratios(results(("ours", 20), ("ours", 30))) == [20, 30]
    assert goal.verdict(results(("ours", 21))) is Verdict.MISSED


def test_the_goals_show_how_far_the_rounds_lie_apart() -> None:
    made = results(("ours", 20), ("ours", 30), ("ours", 22))
    scenario = Scenario("s", "a scenario", [], [], [Goal("memory", "cpu", OURS, 25)])
    text = report.text(scenario, made, quick=False)
    assert "| memory |    25 |       22 |     20 |      30 |      3 | met |" in text


def test_quantiles() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (quantile(values, 0.5), quantile(values, 0.99)) == (51, 100)
    assert quantile([7.0], 0.99) == 7


def test_the_report_names_failures_and_absentees(tmp_path: Path) -> None:
    made = results(("ours", 4), ("theirs", 10, "3 missing"))
    made.absent["nchan"] = "Debian's nginx and libnginx-mod-nchan"
    goal = Goal("cpu", "cpu", OURS, 0.5, THEIRS)
    scenario = Scenario("s", "a scenario", [], [Column("cpu", "CPU")], [goal])
    text = report.text(scenario, made, quick=False)
    assert "| ours            | 4.0 |" in text
    assert "FAILED theirs, round 0: 3 missing" in text
    assert "nchan: not run here; it needs Debian's nginx and libnginx-mod-nchan." in text
    assert "not measured" in text

    file = tmp_path / "bench.json"
    report.write_json(file, [(scenario, made)], Stamp.now(), quick=False)
    content = json.loads(file.read_text())
    assert content["machine"]["hoardrun"] == __version__
    written = content["scenarios"]["s"]
    assert written["medians"]["burst"]["ours"]["cpu"] == 4
    assert written["medians"]["burst"]["theirs"]["cpu"] is None
    assert written["goals"][0]["verdict"] == "not measured"
