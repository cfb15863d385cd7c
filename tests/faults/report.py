"""Report a run, as a table for people and as JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.faults.checker import VERDICTS
from tests.faults.run import CATCH_UP_SECONDS, Outcome, percentile
from tests.services.proof import report


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Describe everything in plain values."""
    plan = outcome.plan
    catch_up, latency = outcome.catch_up(), outcome.checker.latencies()
    return {
        **report.of_all(plan, outcome.seconds, outcome.checker.verdict),
        "clean": outcome.clean,
        "in_time": outcome.in_time,
        "nodes": plan.nodes if plan.store == "postgres" else 1,
        "clients": plan.clients,
        "problems": outcome.problems + outcome.unused,
        "faults": dict(Counter(fault.name for fault in outcome.faults)),
        "not_caught_up": [fault.name for fault in outcome.faults if not fault.caught_up],
        "caught_up_seconds": _spread(catch_up),
        "stalls": len(outcome.stalled()),
        "stalled_seconds": _spread(outcome.stalled()),
        "delivery_seconds": _spread(latency),
        "after_the_last_fault_seconds": _spread(_after_the_last(outcome)),
    }


def _after_the_last(outcome: Outcome) -> list[float]:
    """Return the times of what was committed once the last fault was healed."""
    return outcome.checker.latencies(since=outcome.faults[-1].healed_at) if outcome.faults else []


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(percentile(values, 0.5), 3),
        "p99": round(percentile(values, 0.99), 3),
        "max": round(values[-1] if values else 0.0, 3),
    }


TIMES = (
    ("caught up", "caught_up_seconds"),
    ("readers that had stalled caught up", "stalled_seconds"),
    ("delivered", "delivery_seconds"),
    ("after the last fault delivered", "after_the_last_fault_seconds"),
)


def as_text(found: Mapping[str, Any]) -> str:
    """Lay a report out for people."""
    head = [
        f"{found['store']}, {found['nodes']} nodes, {found['clients']} clients, "
        f"seed {found['seed']}, {found['seconds']:.0f} s",
        f"{found['events']:,} events committed, {found['delivered']:,} deliveries, "
        f"{sum(found['faults'].values())} faults",
    ]
    body = []
    for title, name in TIMES:
        spread = found[name]
        body.append(
            f"{title} after: p50 {spread['p50']:.2f} s, p99 {spread['p99']:.2f} s, "
            f"max {spread['max']:.2f} s"
        )
    body += [
        f"longest publishing transaction: {found.get('longest_call', 0):.2f} s",
        f"attempts: {report.counted(found['attempts'])}",
        f"connections ended: {report.counted(found['closes'])}",
        f"resynchronised with a reason: {report.counted(found.get('resyncs', {})) or 'nobody'}",
        f"faults: {report.counted(found['faults'])}",
        f"versions: {', '.join(f'{k} {v}' for k, v in found['versions'].items())}",
    ]
    wrong = []
    if found["not_caught_up"]:
        wrong.append(f"not caught up after: {', '.join(found['not_caught_up'])}")
    if not found["in_time"]:
        wrong.append(f"caught up later than {CATCH_UP_SECONDS:g} s (p99, after a stall all)")
    return report.as_text(found, VERDICTS, head=head, body=body, wrong=wrong)
