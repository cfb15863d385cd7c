"""The seeded bugs that concern a node, and the verdicts of which one must find each."""

from __future__ import annotations


def _verdicts(said: dict[str, str]) -> dict[str, frozenset[str]]:
    return {name: frozenset(verdicts.split()) for name, verdicts in said.items()}


FOUND_AS = _verdicts(
    {
        "ack-ahead": "begin cursor",
        "ack-lost": "cursor",
        "deaf-hub": "stuck outstays",
        "filter-first": "lost unwanted",
        "full-socket": "lost stuck",
        "no-door": "door",
        "no-reconcile": "stuck",
        "one-page": "lost stuck ahead",
        "replay-before-join": "stuck lost outstays",
        "resync-needless": "resync",
        "resync-silent": "begin stuck content",
        "swapped": "lost doubled",
        "twice": "doubled",
        "wrong-group": "stuck outstays",
        "wrong-login": "foreign",
        "wrong-socket": "foreign doubled content lost",
    }
)
# Bugs too rare for runs with real processes: `make faults` leaves them out.
OF_THE_SIMULATION = _verdicts(
    {
        "ack-of-before": "begin stuck",
        "ack-of-before-late": "begin stuck",
        "ack-put-back": "cursor",
        "anew-in-part": "stuck",
        "anew-unseen": "stuck",
        "ack-unshielded": "unanswered cursor begin stuck",
        "first-cursor-late": "begin stuck",
        "groups-kept": "kept",
        "late-kept": "door",
        "newest-first": "door",
        "no-expiry": "outstays",
        "no-heartbeat": "outstays",
        "no-recheck": "outstays",
        "no-sweep": "outstays",
        "renewal-unseen": "outstays",
        "reset-unsettled": "content lost foreign doubled stuck traceback",
        "rights-unheard": "outstays",
        "roster-kept": "kept",
        "strangers-kept": "kept",
        "surplus-stays": "outstays",
        "task-kept": "kept",
        "turn-kept": "kept stuck",
    }
)
ALL = FOUND_AS | OF_THE_SIMULATION
# Where to begin to look for those that only one schedule of hundreds finds.
FIRST_SEEDS = {
    "ack-of-before": 50,
    "ack-of-before-late": 700,
    "deaf-hub": 3100,
    "renewal-unseen": 201800,
    "reset-unsettled": 801000,
    "resync-needless": 300,
}
