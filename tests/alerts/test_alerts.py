"""The faults that `make alerts` plays: each has its alerts, and the runbook says what they mean."""

from __future__ import annotations

from tests.alerts.__main__ import runbook
from tests.alerts.faults import FAULTS
from tests.services.prometheus import alert_rules, seconds


def test_each_fault_names_alerts_that_there_are() -> None:
    assert len(FAULTS) == 9
    for name, fault in FAULTS.items():
        assert fault.alerts, name
        assert set(fault.alerts) <= alert_rules().keys(), name


def test_the_runbook_begins_each_heading_with_a_whole_sentence() -> None:
    words = runbook()
    assert words.keys() == alert_rules().keys()
    for alert, sentence in words.items():
        assert not sentence[0].islower() and sentence.endswith((".", ":")), alert


def test_durations_of_rules_are_understood() -> None:
    assert [seconds(text) for text in ("30s", "1m", "1h30m", "3d")] == [30, 60, 5400, 259_200]
