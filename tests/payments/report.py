"""Report a run, as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.faults.report import versions
from tests.payments.checker import VERDICTS
from tests.payments.run import Outcome

MOST_SECONDS = 1800.0  # that a run may take


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Describe everything in plain values. The stores still run."""
    verdict, plan = outcome.verdict, outcome.plan
    return {
        "clean": outcome.clean,
        "in_time": outcome.seconds <= MOST_SECONDS,
        "settled": outcome.settled,
        "store": plan.store,
        "seed": plan.seed,
        "nodes": plan.nodes,
        "workers": plan.workers,
        "scale": plan.scale,
        "seconds": round(outcome.seconds, 1),
        "verdicts": {name: verdict.counts[name] for name in VERDICTS},
        "examples": {name: texts for name, texts in verdict.examples.items() if texts},
        "problems": outcome.problems,
        "faults": dict(outcome.faults),
        "phases_seconds": {name: round(took, 1) for name, took in outcome.phases.items()},
        **verdict.figures,
        "versions": versions(plan.store),
    }


def as_text(found: Mapping[str, Any]) -> str:
    """Lay a report out for people."""
    lines = [
        f"{found['store']}, {found['nodes']} nodes, {found['workers']} workers, "
        f"seed {found['seed']}, {found['seconds']:.0f} s, times ÷ {found['scale']:g}",
        f"{found['payments']:,} payments, of which {found['at_providers']:,} reached a provider, "
        f"{sum(found['faults'].values())} faults",
        "",
        *(f"{found['verdicts'][name]:8,}  {name:<12} {VERDICTS[name]}" for name in VERDICTS),
        "",
        f"states: {_counts(found['states'])}",
        f"before staff: {_counts(found['before_staff'])}; "
        f"of {found['waiting_money']:,} the money is not booked as it moved",
        f"came late: {found['late']:,}; paid by the menu: {found['bills']:,}; "
        f"given back on request: {_counts(found['refunds'])}",
        f"faults: {_counts(found['faults'])}",
        "seconds: " + ", ".join(f"{t:.0f} {name}" for name, t in found["phases_seconds"].items()),
    ]
    for name, texts in found["examples"].items():
        lines += [f"{name}: {text}" for text in texts]
    lines += found["problems"]
    if not found["settled"]:
        lines.append("not all payments have come to an end, or before staff, in time")
    return "\n".join([*lines, "", "CLEAN" if found["clean"] and found["in_time"] else "NOT CLEAN"])


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
