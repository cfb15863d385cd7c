"""Report a run, as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.market.checker import VERDICTS
from tests.market.run import Outcome
from tests.services.proof import report

MOST_SECONDS = 1800.0  # that a run may take


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Describe everything in plain values. The stores still run."""
    names = ("nodes", "scale")
    return report.as_json(outcome, in_time=outcome.seconds <= MOST_SECONDS, names=names)


def as_text(found: Mapping[str, Any]) -> str:
    """Lay a report out for people."""
    head = [
        f"{found['store']}, {_nodes(found)}, seed {found['seed']}, "
        f"{found['seconds']:.0f} s, times of leases ÷ {found['scale']:g}",
        f"{found['trades']:,} trades, {found['alerts']:,} alerts, {found['candles']:,} candles, "
        f"{sum(found['faults'].values())} faults",
    ]
    body = [
        f"fired: {found['fired']:,}, told: {found['notifications']:,}",
        f"seconds from the trade to the notification: {_spread(found['delays_seconds'])}",
        f"seconds until another led: {_spread(found['failovers_seconds'])}",
        f"faults: {report.counted(found['faults'])}",
        report.phases(found),
    ]
    return report.as_text(found, VERDICTS, head=head, body=body)


def _nodes(found: Mapping[str, Any]) -> str:
    return "1 node" if found["store"] == "sqlite" else f"{found['nodes']} nodes"


def _spread(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items()) or "none"
