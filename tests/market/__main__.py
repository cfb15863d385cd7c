"""Prove that no alert is lost or doubled, and no candle wrong, while leaders are killed.

python -m tests.market                       five minutes, two nodes, no fault
python -m tests.market --faults 20           20 kills and freezes at true times
python -m tests.market --faults 180 --scale 10
python -m tests.market --store sqlite        one node
python -m tests.market bugs                  which seeded bugs the checker finds
"""

from __future__ import annotations

import sys

from tests.market import report
from tests.market.bugs import BUGS
from tests.market.plan import Plan
from tests.market.run import Outcome, run
from tests.services.proof.command import Proof
from tests.services.proof.plan import planned


def main() -> int:
    proof = Proof(
        name="market",
        bugs=BUGS,
        run=run,
        as_json=report.as_json,
        as_text=report.as_text,
        wrong=Outcome.wrong,
        title=lambda plan: f"{plan.alerts} alerts, {plan.faults} faults",
        arrangement=lambda plan: f"{plan.store}-{plan.scale:g}",
    )
    parser = proof.parser(__doc__ or "")
    parser.add_argument("--alerts", type=int)
    parser.add_argument("--minutes", type=float, help="For which the venue trades at least.")
    parser.add_argument("--scale", type=float, help="The times of leases are divided by it.")
    arguments = parser.parse_args()
    return proof.main(arguments, lambda: planned(Plan(), arguments))


if __name__ == "__main__":
    sys.exit(main())
