"""Bugs that are put into the product, to see whether the checker finds them.

As in `tests.faults.bugs`, whose patching they use: the product knows nothing of them, and a patch
whose target is gone fails loudly.
"""

from __future__ import annotations

from tests.market.plan import Plan
from tests.services.proof.plan import Bug

# As few arrangements as possible: each has a run without a bug, too.
CALM = Plan(store="sqlite", alerts=300, minutes=0.8, late=4, settling=5.0)
KILLS = Plan(alerts=300, minutes=0.5, faults=3, nemeses=("leader-kill",))  # at true times
FREEZES = Plan(
    alerts=300, minutes=0.5, scale=10.0, faults=6, nemeses=("leader-freeze",), settling=5.0
)
_bug = Bug[Plan]

BUGS = {
    bug.name: bug
    for bug in [
        _bug("unfenced", "a leader stores, whoever leads by now", "overtaken", FREEZES),
        _bug("epoch-kept", "each leader has the number of the one before", "stolen", FREEZES),
        _bug("local-clock", "leases end by the clock of a machine", "stolen", FREEZES),
        _bug("lease-long", "leases last three times as long", "leaderless", FREEZES),
        _bug("unrevised", "a change of a closed candle counts as none", "unrevised", CALM),
        _bug("no-hysteresis", "an alert is armed again at its threshold", "doubled", CALM),
        _bug("no-cooldown", "an alert is armed again at once", "doubled", CALM),
        _bug(
            "key-without-count", "all fires of an alert have one notification", "lost silent", CALM
        ),
        _bug("gap-unscanned", "prices that were missed are not asked for", "lost late", KILLS),
    ]
}
