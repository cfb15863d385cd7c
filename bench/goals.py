"""What hoardrun promises against its peers, as ratios within one run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bench.results import Results


class Verdict(Enum):
    """How a goal fared."""

    MET = "met"
    MISSED = "MISSED"
    ABSENT = "not measured"


@dataclass(frozen=True)
class Side:
    """One figure: of which contender, in which case."""

    case: str
    contender: str
    figure: str


@dataclass(frozen=True)
class Goal:
    """`ours` is at most `limit` times `theirs`; or at most `limit` where there is no `theirs`."""

    text: str
    ours: Side
    limit: float
    theirs: Side | None = None

    def ratio(self, results: Results) -> float | None:
        """What `limit` is compared with; None when a figure is missing."""
        ours = _value(results, self.ours)
        if self.theirs is None or ours is None:
            return ours
        theirs = _value(results, self.theirs)
        return ours / theirs if theirs else None

    def verdict(self, results: Results) -> Verdict:
        """Whether it was met."""
        ratio = self.ratio(results)
        if ratio is None:
            return Verdict.ABSENT
        return Verdict.MET if ratio <= self.limit else Verdict.MISSED


def _value(results: Results, side: Side) -> float | None:
    return results.figure(side.case, side.contender, side.figure)
