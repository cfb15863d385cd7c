"""Report a run, as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.centre.run import Outcome
from tests.centre.verdict import LATE_SECONDS, VERDICTS
from tests.faults.report import versions


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Describe everything in plain values. The stores still run."""
    verdict, plan = outcome.verdict, outcome.plan
    late = verdict.late
    return {
        "clean": outcome.clean,
        "in_time": outcome.verdict.in_time,
        "settled": outcome.settled,
        "store": plan.store,
        "seed": plan.seed,
        "workers": plan.workers,
        "scale": plan.scale,
        "lease_seconds": plan.lease,
        "seconds": round(outcome.seconds, 1),
        "verdicts": {name: verdict.counts[name] for name in VERDICTS},
        "examples": {name: texts for name, texts in verdict.examples.items() if texts},
        "problems": outcome.problems,
        "faults": dict(outcome.faults),
        "late_seconds": {
            "p50": round(late[len(late) // 2], 3) if late else 0.0,
            "p99": round(verdict.p99, 3),
            "max": round(late[-1], 3) if late else 0.0,
        },
        **verdict.figures,
        "versions": versions(plan.store),
    }


def as_text(found: Mapping[str, Any]) -> str:
    """Lay a report out for people."""
    lines = [
        f"{found['store']}, {found['workers']} workers, {found['devices']} devices, "
        f"seed {found['seed']}, {found['seconds']:.0f} s, ladders ÷ {found['scale']:g}",
        f"{found['notifications']:,} notifications, {found['deliveries']:,} deliveries, "
        f"{sum(found['faults'].values())} faults",
        "",
    ]
    lines += [f"{found['verdicts'][name]:8,}  {name:<12} {VERDICTS[name]}" for name in VERDICTS]
    late = found["late_seconds"]
    lines += [
        "",
        f"rungs fired after their time: p50 {late['p50']:.2f} s, p99 {late['p99']:.2f} s "
        f"(limit {LATE_SECONDS:g} s), max {late['max']:.2f} s",
        *(
            f"{name}: {_counts(found[name])}"
            for name in ("accepted", "asked", "states", "closed", "faults")
        ),
    ]
    for name, texts in found["examples"].items():
        lines += [f"{name}: {text}" for text in texts]
    lines += found["problems"]
    if not found["settled"]:
        lines.append("not all ladders have ended in time")
    return "\n".join([*lines, "", "CLEAN" if found["clean"] and found["in_time"] else "NOT CLEAN"])


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
