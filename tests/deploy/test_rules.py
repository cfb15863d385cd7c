"""The alerts of `deploy/prometheus`: each fires when it should, and the runbook explains it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from hoardrun.management.commands import check_delivery
from realtime.cluster.readings import READINGS
from realtime.meters import fleet, meters
from realtime.meters.kinds import declared
from realtime.meters.readiness import METER
from tests.services import binaries
from tests.services.environment import ROOT

FOLDER = ROOT / "deploy/prometheus"
RULES = {
    rule["alert"]: rule
    for group in yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
    for rule in group["rules"]
}
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
# Of Prometheus itself, of its node exporter and of its blackbox exporter.
OF_OTHERS = {
    "up",
    "node_filesystem_avail_bytes",
    "node_filesystem_size_bytes",
    "probe_ssl_earliest_cert_expiry",
}
# What `check_delivery --textfile` writes, behind its prefix.
WRITTEN = set(re.findall(r"\{name\}(_\w+)", Path(check_delivery.__file__).read_text()))


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
    own = [*declared(meters), *(reading.meter for reading in READINGS), METER, *fleet.meters()]
    known = {meter.full_name: meter for meter in own}
    asked = set()
    for alert, rule in RULES.items():
        plain = re.sub(r"\{[^}]*\}", "", rule["expr"])
        for name in re.findall(r"\b([a-z]+_\w+|up)\b(?!\()", plain):
            if name.startswith("hoardrun_outside_check_"):
                assert name.removeprefix("hoardrun_outside_check") in WRITTEN, alert
            elif name not in OF_OTHERS:
                assert name.removesuffix("_bucket") in known, alert
                asked.add(name)
        for name, selector in re.findall(r"(hoardrun_\w+)\{([^}]*)\}", rule["expr"]):
            for label, value in re.findall(r'(\w+)=~?"([^"]*)"', selector):
                values = known[name.removesuffix("_bucket")].labels[label]
                listed = {str(each) for each in (values() if callable(values) else values)}
                assert set(value.split("|")) <= listed, alert
    assert len(asked) > 40
    named = set(re.findall(r"`(hoardrun_\w+)`", RUNBOOK)) - known.keys()
    assert named == set()


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
