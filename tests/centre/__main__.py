"""Prove the notification centre: nothing missed, doubled, needless, wrong or unexplained.

python -m tests.centre                       1,000 notifications, two workers, no fault
python -m tests.centre --notifications 50000 --devices 300 --workers 8 --faults 200
python -m tests.centre --store sqlite        one node
python -m tests.centre bugs                  which seeded bugs the checker finds
"""

from __future__ import annotations

import sys

from tests.centre import report
from tests.centre.bugs import BUGS
from tests.centre.plan import Plan
from tests.centre.run import Outcome, run
from tests.services.proof.command import Proof
from tests.services.proof.plan import planned


def main() -> int:
    proof = Proof(
        name="centre",
        bugs=BUGS,
        run=run,
        as_json=report.as_json,
        as_text=report.as_text,
        wrong=Outcome.wrong,
        title=lambda plan: plan.scene or f"{plan.notifications} notifications",
    )
    parser = proof.parser(__doc__ or "")
    parser.add_argument("--notifications", type=int, help="At least this number committed.")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--devices", type=int)
    parser.add_argument("--producers", type=int)
    parser.add_argument("--scale", type=float, help="Ladders' times are divided by it.")
    parser.add_argument("--lease", type=float, help="Seconds that a worker owns a message.")
    parser.add_argument("--scene", help="A directed scene in place of chance.")
    arguments = parser.parse_args()
    return proof.main(arguments, lambda: planned(Plan(), arguments))


if __name__ == "__main__":
    sys.exit(main())
