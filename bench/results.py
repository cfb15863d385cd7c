"""The samples of a run, and the medians of its rounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One case of one contender in one round. `problems` is empty when all was right."""

    case: str
    contender: str
    round: int
    figures: Mapping[str, float]
    problems: Sequence[str] = ()


@dataclass
class Results:
    """All samples of a run, and the contenders that could not take part."""

    samples: list[Sample] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)  # contender → what to install

    def cases(self) -> list[str]:
        """Name the cases, in the order they were first measured."""
        return list(dict.fromkeys(sample.case for sample in self.samples))

    def contenders(self, case: str) -> list[str]:
        """Name the contenders that were measured in a case."""
        return list(dict.fromkeys(s.contender for s in self.samples if s.case == case))

    def figure(self, case: str, contender: str, name: str) -> float | None:
        """The median over the rounds that went right; None when there is none."""
        values = self.by_round(case, contender, name).values()
        return median(values) if values else None

    def by_round(self, case: str, contender: str, name: str) -> dict[int, float]:
        """The figure of each round that went right."""
        return {
            sample.round: sample.figures[name]
            for sample in self._of(case, contender)
            if name in sample.figures and not sample.problems
        }

    def problems(self, case: str, contender: str) -> list[str]:
        """Say what went wrong, round by round."""
        return [
            f"round {sample.round}: {', '.join(sample.problems)}"
            for sample in self._of(case, contender)
            if sample.problems
        ]

    def failed(self) -> bool:
        """Return True if any contender lost, doubled or reordered a message, or crashed."""
        return any(sample.problems for sample in self.samples)

    def plain(self) -> dict[str, Any]:
        """Return everything as JSON has it, each median beside its samples."""
        medians = {
            case: {
                contender: {
                    name: self.figure(case, contender, name)
                    for name in _names(self._of(case, contender))
                }
                for contender in self.contenders(case)
            }
            for case in self.cases()
        }
        return {
            "medians": medians,
            "samples": [asdict(sample) for sample in self.samples],
            "absent": self.absent,
        }

    def _of(self, case: str, contender: str) -> list[Sample]:
        return [s for s in self.samples if (s.case, s.contender) == (case, contender)]


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed; the highest has share 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def delays(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return the middle one, the one that one in a hundred exceeds, and the greatest."""
    return {
        "p50_ms": quantile(milliseconds, 0.5),
        "p99_ms": quantile(milliseconds, 0.99),
        "max_ms": max(milliseconds),
    }


def each(cpu: float, postgres: float, wall: float, count: float) -> Mapping[str, float]:
    """Return what one of `count` has taken, by the names of the columns; 0 is not measured."""
    scale = 1e6 / count
    figures = {
        "cpu_us": cpu * scale,
        "postgres_us": postgres * scale,
        "both_us": (cpu + postgres) * scale,
    }
    return figures | ({"wall_us": wall * scale, "second": count / wall} if wall else {})


def _names(samples: Iterable[Sample]) -> list[str]:
    return list(dict.fromkeys(name for sample in samples for name in sample.figures))
