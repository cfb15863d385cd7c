"""The parts of a scenario for the runner: participants, one round, columns, goals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from bench.contender import Bench, Contender
from bench.goals import Goal
from bench.results import Sample


def nothing_is_missing() -> str | None:
    return None


@dataclass(frozen=True)
class Part:
    """One participant. `measure` runs one round and yields a sample for each case.

    `missing` tells what to install for it; None if it can run here. `is_large` keeps it
    from --quick.
    """

    name: str
    measure: Callable[[Bench, int], Iterable[Sample]]
    missing: Callable[[], str | None] = nothing_is_missing
    is_large: bool = False

    @classmethod
    def of(
        cls,
        contenders: Sequence[Contender],
        measure: Callable[[Contender, Bench, int], Iterable[Sample]],
    ) -> list[Self]:
        """Create one for each contender."""
        return [cls(each.name, partial(measure, each), each.missing) for each in contenders]


@dataclass(frozen=True)
class Column:
    """One figure in the table: its name in the samples, its heading, its digits."""

    figure: str
    heading: str
    digits: int = 1


CPU_A_DELIVERY = (
    Column("cpu_us", "CPU µs a delivery"),
    Column("server_us", "server"),
    Column("publisher_us", "publisher"),
    Column("postgres_us", "PostgreSQL"),
    Column("redis_us", "Redis"),
)
LATENCIES = (Column("p50_ms", "p50 ms"), Column("p99_ms", "p99 ms"), Column("max_ms", "max ms"))


@dataclass(frozen=True)
class Scenario:
    """One subcommand of the command line.

    `notes` explain the figures under the table. `chart` lists what pictures are drawn
    of: a case, one of its figures, and the title.
    """

    name: str
    summary: str
    parts: Sequence[Part]
    columns: Sequence[Column]
    goals: Sequence[Goal]
    rounds: int = 3
    notes: Sequence[str] = ()
    chart: Sequence[tuple[str, str, str]] = ()
