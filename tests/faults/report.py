"""Report a run, as a table for people and as JSON for programs."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import psycopg
import redis as redis_client

from hoardrun import __version__
from tests.faults.checker import VERDICTS
from tests.faults.run import CATCH_UP_SECONDS, Outcome, percentile
from tests.services.plugin import run_postgres, run_redis
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


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Describe everything in plain values."""
    verdict, plan = outcome.checker.verdict, outcome.plan
    catch_up, latency = outcome.catch_up(), outcome.checker.latencies()
    return {
        "clean": outcome.clean,
        "in_time": outcome.in_time,
        "store": plan.store,
        "seed": plan.seed,
        "nodes": plan.nodes if plan.store == "postgres" else 1,
        "clients": plan.clients,
        "seconds": round(outcome.seconds, 1),
        "verdicts": {name: verdict.counts[name] for name in VERDICTS},
        "examples": {name: texts for name, texts in verdict.examples.items() if texts},
        "problems": outcome.problems + outcome.unused,
        "faults": dict(Counter(fault.name for fault in outcome.faults)),
        "not_caught_up": [fault.name for fault in outcome.faults if not fault.caught_up],
        "caught_up_seconds": _spread(catch_up),
        "stalls": len(outcome.stalled()),
        "stalled_seconds": _spread(outcome.stalled()),
        "delivery_seconds": _spread(latency),
        "after_the_last_fault_seconds": _spread(_after_the_last(outcome)),
        **verdict.figures,
        "versions": versions(plan.store),
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
    lines = [
        f"{found['store']}, {found['nodes']} nodes, {found['clients']} clients, "
        f"seed {found['seed']}, {found['seconds']:.0f} s",
        f"{found['events']:,} events committed, {found['delivered']:,} deliveries, "
        f"{sum(found['faults'].values())} faults",
        "",
    ]
    lines += [f"{found['verdicts'][name]:8,}  {name:<11} {VERDICTS[name]}" for name in VERDICTS]
    lines.append("")
    for title, name in TIMES:
        spread = found[name]
        lines.append(
            f"{title} after: p50 {spread['p50']:.2f} s, p99 {spread['p99']:.2f} s, "
            f"max {spread['max']:.2f} s"
        )
    lines.append(f"longest publishing transaction: {found.get('longest_call', 0):.2f} s")
    lines.append(f"attempts: {_counts(found['attempts'])}")
    lines.append(f"connections ended: {_counts(found['closes'])}")
    lines.append(f"resynchronised with a reason: {_counts(found.get('resyncs', {})) or 'nobody'}")
    lines.append(f"faults: {_counts(found['faults'])}")
    lines.append(f"versions: {', '.join(f'{k} {v}' for k, v in found['versions'].items())}")
    for name, texts in found["examples"].items():
        lines += [f"{name}: {text}" for text in texts]
    lines += found["problems"]
    if found["not_caught_up"]:
        lines.append(f"not caught up after: {', '.join(found['not_caught_up'])}")
    if not found["in_time"]:
        lines.append(f"caught up later than {CATCH_UP_SECONDS:g} s (p99, after a stall all)")
    lines += ["", "CLEAN" if found["clean"] and found["in_time"] else "NOT CLEAN"]
    return "\n".join(lines)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
