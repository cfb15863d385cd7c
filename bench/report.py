"""The table, the goals and the JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench.goals import Goal
from bench.results import Results
from bench.scenario import Column, Scenario
from tests.services.stamp import Stamp


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
    return "\n".join([aligned(rows), *failures])


def _goals(goals: Sequence[Goal], results: Results) -> str:
    rows = [["goal", "limit", "measured", "lowest", "highest", "rounds", ""]]
    for goal in goals:
        ratio, ratios = goal.ratio(results), goal.ratios(results)
        spread = [ratio, min(ratios, default=None), max(ratios, default=None)]
        shown = ["–" if value is None else f"{value:.3g}" for value in spread]
        count, verdict = f"{len(ratios)}", goal.verdict(results).value
        rows.append([goal.text, f"{goal.limit:.3g}", *shown, count, verdict])
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] | None = None) -> str:
    """Write a Markdown table that also reads well as plain text.

    Columns named in `right` are aligned there; without it, all but the first.
    """
    columns = range(1, len(rows[0])) if right is None else right
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]

    def line(row: Sequence[str]) -> str:
        cells = (
            cell.rjust(width) if i in columns else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return "| " + " | ".join(cells) + " |"

    rule = "|".join(
        "-" * (width + 1) + (":" if i in columns else "-") for i, width in enumerate(widths)
    )
    return "\n".join([line(rows[0]), f"|{rule}|", *map(line, rows[1:])])


def write_json(
    file: Path, measured: Sequence[tuple[Scenario, Results]], stamp: Stamp, *, quick: bool
) -> None:
    """Write everything that was measured, and how each goal fared."""
    scenarios = {
        scenario.name: {
            **results.plain(),
            "goals": [
                {
                    "goal": goal.text,
                    "limit": goal.limit,
                    "measured": goal.ratio(results),
                    "rounds": goal.ratios(results),
                    "verdict": goal.verdict(results).value,
                }
                for goal in scenario.goals
            ],
        }
        for scenario, results in measured
    }
    content = {"machine": asdict(stamp), "quick": quick, "scenarios": scenarios}
    file.write_text(json.dumps(content, indent=2) + "\n")
