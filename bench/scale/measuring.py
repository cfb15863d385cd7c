"""Measure unit costs on this machine, by the scenarios of the bench that have them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import report, runner
from bench.contender import Bench
from bench.results import Results
from bench.scale.catalogue import UNITS
from bench.scale.units import Units, scenarios_of
from bench.scenario import Scenario
from bench.scenarios import SCENARIOS
from tests.services import environment, reaper
from tests.services.plugin import stop_stores
from tests.services.stamp import Stamp

# The parts of a scenario that have unit costs; all of them where it is not named here.
PARTS = {
    "bulk": ["hoardrun"],
    "connect": ["hoardrun"],
    "costs": ["http"],
    "fanout": ["hoardrun", "hoardrun-market", "hoardrun-10000"],
    "http": ["hoardrun"],
    "idle": ["hoardrun-market"],
    "overload": ["refusals"],
}


def chosen(units: Units, asked: str) -> list[str]:
    """Name the scenarios to run: `missing`, `all`, or names with commas between."""
    if asked == "missing":
        return scenarios_of(units.missing())
    known = scenarios_of(UNITS)
    names = known if asked == "all" else asked.split(",")
    if unknown := set(names) - set(known):
        raise ValueError(
            f"no unit cost comes from {', '.join(sorted(unknown))}: {', '.join(known)}"
        )
    return names


def measure(names: Sequence[str], *, quick: bool, rounds: int) -> Iterator[dict[str, Any]]:
    """Run these scenarios with hoardrun alone; yield what the bench writes of each."""
    stamp = Stamp.now()
    environment.prepare()
    try:
        bench = Bench(quick=quick)
        for scenario in SCENARIOS:
            if scenario.name in names:
                results = Results()
                only = PARTS.get(scenario.name, [])
                runner.run(scenario, bench, results, rounds=rounds, only=only)
                print(report.text(scenario, results, quick=quick), end="\n\n", flush=True)
                yield _written(scenario, results, stamp, quick=quick)
    finally:
        stop_stores()
        reaper.close()


def _written(scenario: Scenario, results: Results, stamp: Stamp, *, quick: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "results.json"
        report.write_json(file, [(scenario, results)], stamp, quick=quick)
        found: dict[str, Any] = json.loads(file.read_text())
    return found
