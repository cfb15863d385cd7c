"""Each of the eight reasons, a few times: the whole is `make trace`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trace.plan import Plan
from tests.trace.report import as_json, as_text
from tests.trace.run import run

pytestmark = [pytest.mark.servers, pytest.mark.operation]


def test_a_trace_names_why_an_event_did_not_arrive(tmp_path: Path) -> None:
    outcome = run(Plan(seed=5, runs=2), tmp_path, print)
    assert set(outcome.wrong()) <= {"unnamed"}, as_text(as_json(outcome))
    assert sum(one.named for one in outcome.tallies.values()) >= len(outcome.tallies)
