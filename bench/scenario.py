"""What a scenario is to the runner: who takes part, how one round goes, what is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench.contender import Bench
from bench.goals import Goal
from bench.results import Sample


@dataclass(frozen=True)
class Part:
    """One participant. `measure` runs one round and yields a sample for each case.

    `missing` says what to install for it; None if it can run here.
    """

    name: str
    measure: Callable[[Bench, int], Iterable[Sample]]
    missing: str | None = None


@dataclass(frozen=True)
class Column:
    """One figure in the table: its name in the samples, its heading, its digits."""

    figure: str
    heading: str
    digits: int = 1


@dataclass(frozen=True)
class Scenario:
    """One subcommand of the command line.

    `notes` explain the figures under the table. `chart` lists what pictures are drawn
    of: a case, one of its figures, and the title.
    """

    name: str
    summary: str
    parts: Callable[[Bench], Sequence[Part]]
    columns: Sequence[Column]
    goals: Sequence[Goal]
    rounds: int = 3
    quick_rounds: int = 1
    notes: Sequence[str] = ()
    chart: Sequence[tuple[str, str, str]] = ()
