"""Run scenarios: every participant in turn, round after round."""

from __future__ import annotations

from collections.abc import Sequence

from bench.contender import Bench
from bench.results import Results, Sample
from bench.scenario import Part, Scenario

LOG_LINES = 15


def run(
    scenario: Scenario,
    bench: Bench,
    results: Results,
    *,
    rounds: int | None,
    only: Sequence[str],
) -> None:
    """Add what a scenario measures to the results.

    Participants alternate within each round, so that other work of the machine
    falls on all of them. One that crashes is a failed sample, and the run goes on.
    """
    parts: list[Part] = []
    for part in scenario.parts:
        if (only and part.name not in only) or (bench.quick and part.is_large):
            continue
        if missing := part.missing():
            results.absent[part.name] = missing
        else:
            parts.append(part)
    total = rounds or (1 if bench.quick else scenario.rounds)
    for number in range(1, total + 1):
        for place, part in enumerate(parts, start=1):
            bench.progress(
                f"{scenario.name}: round {number}/{total}, {part.name} ({place}/{len(parts)})"
            )
            try:
                for sample in part.measure(bench, number):
                    results.samples.append(sample)
                    if sample.problems:
                        bench.progress(f"  {sample.case}: FAILED: {', '.join(sample.problems)}")
            except Exception as error:
                why = f"{type(error).__name__}: {error}"
                bench.progress(f"  FAILED: {_with_notes(why, error)}")
                headline = why.partition("\n")[0]
                results.samples.append(Sample(scenario.name, part.name, number, {}, [headline]))


def _with_notes(why: str, error: Exception) -> str:
    """Add what was noted on the error, such as a server's log; of all that, the end."""
    lines = "\n".join([why, *getattr(error, "__notes__", ())]).splitlines()
    return "\n".join([lines[0], *lines[1:][-LOG_LINES:]])
