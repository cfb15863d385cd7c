"""Bugs that are put into the trace, to see whether the proof finds them."""

from __future__ import annotations

from tests.services.proof.plan import Bug
from tests.trace.plan import Plan


def _bug(name: str, summary: str, *reasons: str) -> Bug[Plan]:
    return Bug(name, summary, "wrong unnamed", Plan(runs=8, nemeses=reasons))


BUGS = {
    bug.name: bug
    for bug in [
        _bug("written-is-read", "what was written to a slow reader has arrived", "slow_reader"),
        _bug("resets-unseen", "what a device was put past was written to it", "epoch", "floor"),
        _bug("filters-unseen", "what a filter held back was written", "filtered"),
        _bug("delays-unseen", "what a node found by itself was in time", "wakeup_lost"),
        _bug("silence-unseen", "a node that says nothing lives", "node_frozen"),
        _bug("codes-unseen", "a login that had ended is a device that left", "token_ended"),
    ]
}
