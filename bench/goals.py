"""The goals of hoardrun against its peers, as ratios within one run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from statistics import median

from bench.results import Results


class Verdict(Enum):
    """The result of a goal."""

    MET = "met"
    MISSED = "MISSED"
    ABSENT = "not measured"


Side = tuple[str, str]  # a case, and a contender in it


@dataclass(frozen=True)
class Goal:
    """`ours` is at most `limit` times `theirs`; or at most `limit` where there is no `theirs`.

    The sides are compared within each round, so that other work of the machine in it
    falls on both; the median of the rounds decides.
    """

    text: str
    figure: str
    ours: Side
    limit: float
    theirs: Side | None = None

    def ratios(self, results: Results) -> list[float]:
        """The ratio of each round, in order; a round that lacks a side is left out."""
        ours = results.by_round(*self.ours, self.figure)
        if self.theirs is None:
            return list(ours.values())
        theirs = results.by_round(*self.theirs, self.figure)
        return [ours[number] / theirs[number] for number in ours if theirs.get(number)]

    def ratio(self, results: Results) -> float | None:
        """The median ratio, to compare with `limit`; None when no round has both sides."""
        ratios = self.ratios(results)
        return median(ratios) if ratios else None

    def verdict(self, results: Results) -> Verdict:
        """True if the goal was met."""
        ratio = self.ratio(results)
        if ratio is None:
            return Verdict.ABSENT
        return Verdict.MET if ratio <= self.limit else Verdict.MISSED


def against(
    theirs: str, what: str, case: str, figure: str, limit: float, ours: str = "hoardrun"
) -> Goal:
    """Return the goal that a figure of `ours` is at most `limit` times that of `theirs`."""
    text = f"{what}, {ours} to {theirs}"
    return Goal(text, figure, (case, ours), limit, (case, theirs))
