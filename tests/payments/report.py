"""Report a run, as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.payments.checker import VERDICTS
from tests.payments.run import Outcome
from tests.services.proof import report

MOST_SECONDS = 1800.0  # that a run may take


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Describe everything in plain values. The stores still run."""
    names = ("nodes", "workers", "scale")
    return report.as_json(outcome, in_time=outcome.seconds <= MOST_SECONDS, names=names)


def as_text(found: Mapping[str, Any]) -> str:
    """Lay a report out for people."""
    head = [
        f"{found['store']}, {found['nodes']} nodes, {found['workers']} workers, "
        f"seed {found['seed']}, {found['seconds']:.0f} s, times ÷ {found['scale']:g}",
        f"{found['payments']:,} payments, of which {found['at_providers']:,} reached a provider, "
        f"{sum(found['faults'].values())} faults",
    ]
    body = [
        f"states: {report.counted(found['states'])}",
        f"before staff: {report.counted(found['before_staff'])}; "
        f"of {found['waiting_money']:,} the money is not booked as it moved",
        f"came late: {found['late']:,}; paid by the menu: {found['bills']:,}; "
        f"given back on request: {report.counted(found['refunds'])}",
        f"faults: {report.counted(found['faults'])}",
        report.phases(found),
    ]
    return report.as_text(found, VERDICTS, head=head, body=body)
