"""Report a run, as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.centre.run import Outcome
from tests.centre.verdict import LATE_SECONDS, VERDICTS, spread
from tests.faults.report import versions


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Describe everything in plain values. The stores still run."""
    verdict, plan = outcome.verdict, outcome.plan
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
        "phases_seconds": {name: round(took, 1) for name, took in outcome.phases.items()},
        "late_seconds": spread(verdict.late),
        "parts_seconds": {name: spread(values) for name, values in verdict.parts.items()},
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
    lines += [
        "",
        f"{found['rungs']:,} rungs fired after their time, or after healing, by (p99 at most "
        f"{LATE_SECONDS:g} s)",
        _times("in all", found["late_seconds"]),
        *(_times(name, values) for name, values in found["parts_seconds"].items()),
        f"and {found['rungs_during_faults']:,} while something was broken",
        "",
        "seconds: " + ", ".join(f"{t:.0f} {name}" for name, t in found["phases_seconds"].items()),
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


def _times(name: str, found: Mapping[str, float]) -> str:
    return f"  {name:<18}" + ", ".join(f"{key} {value:7.3f} s" for key, value in found.items())


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
