"""The result of a run, and the findings of its checker."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from tests.services.proof.plan import PlanT

EXAMPLES = 10


@dataclass
class Verdict:
    """The counts of violations, some examples of each, and figures of the run."""

    names: ClassVar[Mapping[str, str]]  # all that a proof has, each with what it counts
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    figures: dict[str, Any] = field(default_factory=dict)

    def add(self, kind: str, text: str, count: int = 1) -> None:
        assert kind in self.names, kind
        self.counts[kind] += count
        if len(self.examples[kind]) < EXAMPLES:
            self.examples[kind].append(text)

    @property
    def clean(self) -> bool:
        return not sum(self.counts.values())


VerdictT = TypeVar("VerdictT", bound=Verdict)


@dataclass
class Outcome(Generic[PlanT, VerdictT]):
    """A run whose load comes to an end: it is `settled` once nothing is open any more."""

    plan: PlanT
    verdict: VerdictT
    faults: Counter[str]
    problems: list[str]
    seconds: float
    settled: bool
    phases: dict[str, float]  # how many seconds each took

    @property
    def is_well(self) -> bool:
        return self.settled and not self.problems

    @property
    def clean(self) -> bool:
        return self.verdict.clean and self.is_well

    def wrong(self) -> list[str]:
        """Return the verdicts, and `problem` for what else is wrong."""
        found = [name for name, count in self.verdict.counts.items() if count]
        return found if self.is_well else [*found, "problem"]
