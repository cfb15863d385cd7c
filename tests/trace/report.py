"""The report of a run: one line a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.services.proof import report
from tests.trace.plan import Outcome, Verdict


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Describe everything in plain values."""
    found = report.as_json(outcome, in_time=True, names=("runs",))
    return found | {"reasons": {name: one.as_json() for name, one in outcome.tallies.items()}}


def as_text(found: Mapping[str, Any]) -> str:
    """Lay it out for people."""
    body = [
        f"{name:<14} {one['named']:4} named {one['unknown']:4} unknown {one['wrong']:4} wrong"
        f" of {one['runs']:4}: " + report.counted(one["ways"])
        for name, one in found["reasons"].items()
    ]
    return report.as_text(
        found, Verdict.names, head=[f"{found['runs']} runs of each, seed {found['seed']}"],
        body=[*body, "", report.phases(found)],
    )  # fmt: skip
