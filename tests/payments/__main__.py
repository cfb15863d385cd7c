"""Prove payments: no money lost or booked twice, each payment final or before staff.

python -m tests.payments                     960 payments, two nodes, no fault
python -m tests.payments --payments 10000 --faults 40
python -m tests.payments --store sqlite      one node
python -m tests.payments bugs                which seeded bugs the checker finds
"""

from __future__ import annotations

import sys

from tests.payments import report
from tests.payments.bugs import BUGS
from tests.payments.plan import Plan
from tests.payments.run import Outcome, run
from tests.services.proof import Proof, planned


def main() -> int:
    proof = Proof(
        name="payments",
        bugs=BUGS,
        run=run,
        as_json=report.as_json,
        as_text=report.as_text,
        wrong=_wrong,
        title=lambda plan: f"{plan.payments} payments of {len(plan.outcomes)} outcomes",
        arrangement=lambda plan: plan.store,
    )
    parser = proof.parser(__doc__ or "")
    parser.add_argument("--payments", type=int, help="This number is asked for.")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--scale", type=float, help="Times of payments are divided by it.")
    arguments = parser.parse_args()
    return proof.main(arguments, lambda: planned(Plan(), arguments))


def _wrong(outcome: Outcome) -> list[str]:
    """Return the verdicts, and `problem` for what else is wrong."""
    found = [name for name, count in outcome.verdict.counts.items() if count]
    is_well = outcome.settled and not outcome.problems
    return found if is_well else [*found, "problem"]


if __name__ == "__main__":
    sys.exit(main())
