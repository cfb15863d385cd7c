"""The alerts of `deploy/prometheus`: each fires when it should, and the runbook explains it."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.deploy import asking
from tests.services import binaries
from tests.services.environment import ROOT
from tests.services.prometheus import FOLDER, alert_rules

RULES = alert_rules()
RUNBOOK = (ROOT / "docs/runbook.md").read_text()


@pytest.mark.long
def test_each_alert_fires_when_it_should_and_no_other_does() -> None:
    binaries.run("promtool", "prometheus", "test", "rules", FOLDER / "rules.test.yml")


def test_each_alert_has_a_world_of_its_own_in_which_it_is_tried() -> None:
    tried = yaml.safe_load((FOLDER / "rules.test.yml").read_text())["tests"]
    assert [one["name"] for one in tried] == list(RULES)
    for one in tried:
        *quiet, fires = one["promql_expr_test"]
        assert quiet
        assert all(each["exp_samples"] == [] for each in quiet)
        labels = [sample["labels"] for sample in fires["exp_samples"]]
        assert labels == [f'{{alertname="{one["name"]}"}}']


def test_rules_ask_for_metrics_that_exist() -> None:
    asked = {name for rule in RULES.values() for name in asking.asked(rule["expr"])}
    assert len(asked) > 40
    assert set(re.findall(r"`(hoardrun_\w+)`", RUNBOOK)) <= asking.known().keys()


def test_the_runbook_says_of_each_alert_what_it_means_what_to_look_at_and_what_to_do() -> None:
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))
    assert list(sections) == list(RULES)
    for alert, rule in RULES.items():
        severity = rule["labels"]["severity"]
        assert sections[alert].strip().startswith(f"**{severity.capitalize()}.** "), alert
        assert "\n- Look at: " in sections[alert], alert
        assert "\n- Do: " in sections[alert], alert
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{alert.lower()}"
        assert rule["annotations"]["summary"].endswith(".")
