"""Report a run, as a text for people and as JSON for programs."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

import psycopg
import redis as redis_client

from hoardrun import __version__
from tests.services.plugin import run_postgres, run_redis
from tests.services.proof.outcome import Outcome, Verdict
from tests.services.proof.plan import Plan
from tests.services.stamp import commit

LIBRARIES = (
    "django",
    "channels",
    "channels-redis",
    "redis",
    "psycopg",
    "uvicorn",
    "uvloop",
    "websockets",
)


def as_json(outcome: Outcome[Any, Any], *, in_time: bool, names: Iterable[str]) -> dict[str, Any]:
    """Describe everything in plain values, of the plan what `names` says. The stores still run."""
    plan, verdict = outcome.plan, outcome.verdict
    return {
        "clean": outcome.clean,
        "in_time": in_time,
        "settled": outcome.settled,
        **{name: getattr(plan, name) for name in names},
        **of_all(plan, outcome.seconds, verdict),
        "problems": outcome.problems,
        "faults": dict(outcome.faults),
        "phases_seconds": {name: round(took, 1) for name, took in outcome.phases.items()},
    }


def of_all(plan: Plan, seconds: float, verdict: Verdict) -> dict[str, Any]:
    """Describe what all runs have."""
    return {
        "store": plan.store,
        "seed": plan.seed,
        "seconds": round(seconds, 1),
        "verdicts": {name: verdict.counts[name] for name in verdict.names},
        "examples": {name: texts for name, texts in verdict.examples.items() if texts},
        **verdict.figures,
        "versions": versions(plan.store),
    }


def versions(store: str) -> dict[str, str]:
    """Name what a run was made with. Its stores still run."""
    found = {"hoardrun": __version__, "python": platform.python_version(), "commit": commit()}
    found |= {name: version(name) for name in LIBRARIES}
    if store == "postgres":
        with psycopg.connect(run_postgres().url) as connection:
            found["postgresql"] = str(connection.info.server_version)
        with redis_client.Redis.from_url(run_redis().url) as client:
            found["redis-server"] = str(client.info("server")["redis_version"])
    return found


def as_text(
    found: Mapping[str, Any],
    names: Mapping[str, str],
    *,
    head: Iterable[str],
    body: Iterable[str],
    wrong: Iterable[str] = (),
) -> str:
    """Lay a report out for people: what was run, the verdicts, figures, and what is wrong."""
    lines = [*head, ""]
    lines += [f"{found['verdicts'][name]:8,}  {name:<12} {names[name]}" for name in names]
    lines += ["", *body]
    for name, texts in found["examples"].items():
        lines += [f"{name}: {text}" for text in texts]
    lines += [*found["problems"], *wrong]
    if not found.get("settled", True):
        lines.append("not all has come to an end in time")
    return "\n".join([*lines, "", "CLEAN" if found["clean"] and found["in_time"] else "NOT CLEAN"])


def phases(found: Mapping[str, Any]) -> str:
    """Say how many seconds each phase took."""
    return "seconds: " + ", ".join(f"{t:.0f} {name}" for name, t in found["phases_seconds"].items())


def counted(counts: Mapping[str, int]) -> str:
    """Say how many there were of each name."""
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
