"""The table, the goals and the JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.goals import Goal
from bench.results import Results
from bench.scenario import Column, Scenario


def text(scenario: Scenario, results: Results, *, quick: bool) -> str:
    """Write what a scenario found: a table for each case, what failed, and the goals."""
    blocks = [f"# {scenario.name}: {scenario.summary}"]
    for case in results.cases():
        blocks.append(f"## {case}\n\n" + _table(scenario.columns, results, case))
    if results.absent:
        lines = [f"{name}: not run here; it needs {need}." for name, need in results.absent.items()]
        blocks.append("\n".join(lines))
    if scenario.notes:
        blocks.append("\n".join(scenario.notes))
    if scenario.goals:
        blocks.append("## goals\n\n" + _goals(scenario.goals, results))
    if quick:
        blocks.append(
            "Sizes of --quick: every part runs, but the goals are meant for the full sizes."
        )
    return "\n\n".join(blocks)


def _table(columns: Sequence[Column], results: Results, case: str) -> str:
    rows = [["contender", *(column.heading for column in columns)]]
    failures: list[str] = []
    for contender in results.contenders(case):
        figures = [results.figure(case, contender, column.figure) for column in columns]
        wrong = results.problems(case, contender)
        failures += [f"FAILED {contender}, {problem}" for problem in wrong]
        shown = [
            "–" if figure is None else f"{figure:,.{column.digits}f}"
            for figure, column in zip(figures, columns, strict=True)
        ]
        rows.append([contender + (" (failed)" if wrong else ""), *shown])
    used = [i for i in range(len(rows[0])) if i == 0 or any(row[i] != "–" for row in rows[1:])]
    rows = [[row[i] for i in used] for row in rows]
    return "\n".join([_aligned(rows), *failures])


def _goals(goals: Sequence[Goal], results: Results) -> str:
    rows = [["goal", "limit", "measured", ""]]
    for goal in goals:
        ratio = goal.ratio(results)
        measured = "–" if ratio is None else f"{ratio:.3g}"
        rows.append([goal.text, f"{goal.limit:.3g}", measured, goal.verdict(results).value])
    return _aligned(rows)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table that also reads well as plain text."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]

    def line(row: Sequence[str]) -> str:
        first, *rest = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return "| " + " | ".join([first, *rest]) + " |"

    rule = "|".join("-" * (width + 1) + (":" if i else "-") for i, width in enumerate(widths))
    return "\n".join([line(rows[0]), f"|{rule}|", *map(line, rows[1:])])


def machine() -> dict[str, object]:
    """Say what the figures were measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def write_json(file: Path, measured: Sequence[tuple[Scenario, Results]], *, quick: bool) -> None:
    """Write everything that was measured, and how each goal fared."""
    scenarios = {
        scenario.name: {
            **results.plain(),
            "goals": [
                {
                    "goal": goal.text,
                    "limit": goal.limit,
                    "measured": goal.ratio(results),
                    "verdict": goal.verdict(results).value,
                }
                for goal in scenario.goals
            ],
        }
        for scenario, results in measured
    }
    content = {"machine": machine(), "quick": quick, "scenarios": scenarios}
    file.write_text(json.dumps(content, indent=2) + "\n")
