"""Report a run, as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.centre.run import Outcome
from tests.centre.verdict import LATE_SECONDS, VERDICTS, spread
from tests.services.proof import report


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Describe everything in plain values. The stores still run."""
    verdict = outcome.verdict
    names = ("workers", "scale")
    return report.as_json(outcome, in_time=verdict.in_time, names=names) | {
        "lease_seconds": outcome.plan.lease,
        "late_seconds": spread(verdict.late),
        "parts_seconds": {name: spread(values) for name, values in verdict.parts.items()},
    }


def as_text(found: Mapping[str, Any]) -> str:
    """Lay a report out for people."""
    head = [
        f"{found['store']}, {found['workers']} workers, {found['devices']} devices, "
        f"seed {found['seed']}, {found['seconds']:.0f} s, ladders ÷ {found['scale']:g}",
        f"{found['notifications']:,} notifications, {found['deliveries']:,} deliveries, "
        f"{sum(found['faults'].values())} faults",
    ]
    body = [
        f"{found['rungs']:,} rungs fired after their time, or after healing, by (p99 at most "
        f"{LATE_SECONDS:g} s)",
        _times("in all", found["late_seconds"]),
        *(_times(name, values) for name, values in found["parts_seconds"].items()),
        f"and {found['rungs_during_faults']:,} while something was broken",
        "",
        report.phases(found),
        *(
            f"{name}: {report.counted(found[name])}"
            for name in ("accepted", "asked", "states", "closed", "faults")
        ),
    ]
    return report.as_text(found, VERDICTS, head=head, body=body)


def _times(name: str, found: Mapping[str, float]) -> str:
    return f"  {name:<18}" + ", ".join(f"{key} {value:7.3f} s" for key, value in found.items())
