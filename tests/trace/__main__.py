"""Prove that a trace names why an event did not arrive.

python -m tests.trace                        100 runs of each of the eight reasons
python -m tests.trace --runs 2 --only floor,epoch
python -m tests.trace bugs                   which seeded bugs of the verdict it finds
python -m tests.trace --evidence --runs 1    print what each reason leaves in the tables
"""

from __future__ import annotations

import sys

from tests.services.proof.command import Proof
from tests.services.proof.plan import planned
from tests.trace import report
from tests.trace.bugs import BUGS
from tests.trace.plan import Outcome, Plan
from tests.trace.run import run


def main() -> int:
    proof = Proof(
        name="trace",
        bugs=BUGS,
        run=run,
        as_json=report.as_json,
        as_text=report.as_text,
        wrong=Outcome.wrong,
        title=Plan.describe,
    )
    parser = proof.parser(__doc__ or "")
    parser.add_argument("--runs", type=int, help="Of each reason.")
    parser.add_argument(
        "--evidence", action="store_true", default=None, help="Print what each run leaves."
    )
    arguments = parser.parse_args()
    return proof.main(arguments, lambda: planned(Plan(), arguments))


if __name__ == "__main__":
    sys.exit(main())
