"""The plan of a run of the proof, and what its checker counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.services.proof import outcome, plan

NAMED_SHARE = 0.95  # of the runs of a reason whose verdict names it


@dataclass(frozen=True)
class Plan(plan.Plan):
    """`nemeses` are the reasons, none means all; each is played `runs` times."""

    runs: int = 100
    evidence: bool = False  # say what each run leaves in the tables, in place of a trace

    def describe(self) -> str:
        return f"{self.runs} runs of {', '.join(self.nemeses) or 'each reason'}"


@dataclass
class Verdict(outcome.Verdict):
    """The findings: what a trace said and was not so, and what it could not say too often."""

    names: ClassVar[Mapping[str, str]] = {
        "wrong": "traces that named another reason, or said of an event that it has arrived",
        "unnamed": "reasons that less than 95 of 100 traces named",
        "other": "traces that were wrong about a device that has the event",
        "late": "traces that were wrong once the device had come back for the event",
    }


@dataclass
class Tally:
    """What the traces of one reason said."""

    runs: int = 0
    named: int = 0
    unknown: int = 0
    wrong: int = 0
    seconds: float = 0.0
    ways: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "runs": self.runs, "named": self.named, "unknown": self.unknown,
            "wrong": self.wrong, "seconds": round(self.seconds, 1), "ways": self.ways,
        }  # fmt: skip


@dataclass
class Outcome(outcome.Outcome[Plan, Verdict]):
    """A run, with what was said of each reason."""

    tallies: dict[str, Tally] = field(default_factory=dict)
