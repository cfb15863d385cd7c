"""Bugs that are put into the product, to see whether the checker finds them.

As in `tests.faults.bugs`, whose patching they use: the product knows nothing of them, and a patch
whose target is gone fails loudly.
"""

from __future__ import annotations

from tests.payments.plan import Plan
from tests.services.proof.plan import Bug

# One arrangement for all, so that one run without a bug is enough.
PLAN = Plan(
    payments=32, outcomes=(2, 8, 11, 18), workers=1, nodes=1, users=4, rate=20.0, scale=60.0,
)  # fmt: skip
_bug = Bug[Plan]

BUGS = {
    bug.name: bug
    for bug in [
        _bug("callback-completes", "whoever calls completes a payment", "doubled", PLAN),
        _bug("sent-again", "a payment that got no answer is sent anew", "resent", PLAN),
        _bug("late-forgotten", "what is paid after the end is not booked", "lost", PLAN),
        _bug("hold-kept", "a payout that failed keeps its hold", "held contradicted", PLAN),
    ]
}
