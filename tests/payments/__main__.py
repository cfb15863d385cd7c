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
from tests.services.proof.command import Proof
from tests.services.proof.plan import planned


def main() -> int:
    proof = Proof(
        name="payments",
        bugs=BUGS,
        run=run,
        as_json=report.as_json,
        as_text=report.as_text,
        wrong=Outcome.wrong,
        title=lambda plan: f"{plan.payments} payments of {len(plan.outcomes)} outcomes",
    )
    parser = proof.parser(__doc__ or "")
    parser.add_argument("--payments", type=int, help="This number is asked for.")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--scale", type=float, help="Times of payments are divided by it.")
    arguments = parser.parse_args()
    return proof.main(arguments, lambda: planned(Plan(), arguments))


if __name__ == "__main__":
    sys.exit(main())
