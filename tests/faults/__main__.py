"""Break nodes, stores and links under load, and check that nothing was lost.

python -m tests.faults                       PostgreSQL, Redis, three nodes, all faults
python -m tests.faults --store sqlite        one node
python -m tests.faults bugs                  which seeded bugs the checker finds
python -m tests.faults --seed 7 --only redis-kill,node-kill --faults 10
"""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace

from tests.faults import report
from tests.faults.bugs import BUGS
from tests.faults.run import Outcome, Plan, chosen, run
from tests.services.proof.command import Proof
from tests.services.proof.plan import names_of, planned


def main() -> int:
    proof = Proof(
        name="faults",
        bugs=BUGS,
        run=run,
        as_json=report.as_json,
        as_text=report.as_text,
        wrong=_wrong,
        title=Plan.describe,
        arrangement=_arrangement,
    )
    parser = proof.parser(__doc__ or "")
    parser.add_argument("--redis", choices=["one", "sentinel", "shards"])
    parser.add_argument("--pooled", action="store_true", help="PostgreSQL through PgBouncer.")
    parser.add_argument("--events", type=int, help="At least this number committed.")
    parser.add_argument("--seconds", type=float, help="At least for this time.")
    parser.add_argument("--clients", type=int)
    parser.add_argument("--without", default="", help="Nemeses to leave out.")
    arguments = parser.parse_args()
    return proof.main(arguments, lambda: _plan(arguments))


def _plan(arguments: Namespace) -> Plan:
    plan, without = planned(Plan(), arguments), names_of(arguments.without)
    return replace(plan, nemeses=[name for name in chosen(plan) if name not in without])


def _arrangement(plan: Plan) -> str:
    if plan.redis != "one":
        return plan.redis
    return "pgbouncer" if plan.pooled else plan.store


def _wrong(outcome: Outcome) -> list[str]:
    """Return the verdicts, and `late` or `problem` for what else is wrong."""
    found = [name for name, count in outcome.checker.verdict.counts.items() if count]
    if not all(fault.caught_up for fault in outcome.faults):
        found.append("late")
    return [*found, "problem"] if outcome.problems else found


if __name__ == "__main__":
    sys.exit(main())
