"""Break nodes, stores and links under load, and check that nothing was lost.

python -m tests.faults                       PostgreSQL, Redis, three nodes, all faults
python -m tests.faults --store sqlite        one node
python -m tests.faults bugs                  which seeded bugs the checker finds
python -m tests.faults --seed 7 --only redis-kill,node-kill --faults 10
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

from tests.faults import report
from tests.faults.bugs import BUGS
from tests.faults.run import Plan, chosen, run
from tests.services import environment, reaper
from tests.services.binaries import ServerMissing
from tests.services.plugin import stop_stores


def _arguments() -> Namespace:
    parser = ArgumentParser(
        prog="python -m tests.faults",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="?", choices=["run", "bugs"], default="run")
    parser.add_argument("--store", choices=["postgres", "sqlite"])
    parser.add_argument("--redis", choices=["one", "sentinel", "shards"])
    parser.add_argument("--pooled", action="store_true", help="PostgreSQL through PgBouncer.")
    parser.add_argument("--seed", type=int, help="Repeats the faults and their order.")
    parser.add_argument("--faults", type=int, help="At least so many.")
    parser.add_argument("--events", type=int, help="At least so many committed.")
    parser.add_argument("--seconds", type=float, help="At least so long.")
    parser.add_argument("--nodes", type=int)
    parser.add_argument("--clients", type=int)
    parser.add_argument("--rate", type=float, help="Events a second.")
    parser.add_argument("--only", default="", help="Nemeses, or bugs, separated by commas.")
    parser.add_argument("--without", default="", help="Nemeses to leave out.")
    parser.add_argument("--bug", help="Run with a bug in the product.")
    parser.add_argument("--out", type=Path, help="A folder for report.json.")
    return parser.parse_args()


def main() -> int:
    """Run what was asked for; 1 when anything was lost, or a bug was not caught."""
    arguments = _arguments()
    folder = reaper.workspace()
    environment.prepare()
    try:
        return _bugs(arguments, folder) if arguments.what == "bugs" else _run(arguments, folder)
    except (ServerMissing, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    finally:
        stop_stores()
        reaper.close()


def _run(arguments: Namespace, folder: Path) -> int:
    seed = random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    given = {field.name: getattr(arguments, field.name, None) for field in fields(Plan)}
    plan = replace(Plan(), **{name: value for name, value in given.items() if value is not None})
    plan = replace(plan, seed=seed, nemeses=[name for name in arguments.only.split(",") if name])
    without = set(arguments.without.split(","))
    plan = replace(plan, nemeses=[name for name in chosen(plan) if name not in without])
    print(f"seed {seed}: {plan.clients} clients, at least {plan.faults} faults", flush=True)
    outcome = run(plan, folder, partial(print, flush=True))
    found = report.as_json(outcome)
    print()
    print(report.as_text(found))
    _write(arguments, _arrangement(plan), found)
    if not outcome.clean:
        kept = (arguments.out or Path("var/faults")) / f"kept-{seed}"
        shutil.rmtree(kept, ignore_errors=True)
        ignored = shutil.ignore_patterns("postgresql", "*.sock", ".s.PGSQL.*")
        shutil.copytree(folder, kept, ignore=ignored)
        print(f"Journals and logs are in {kept}; repeat with --seed {seed}.")
    return 0 if outcome.clean and outcome.in_time else 1


def _arrangement(plan: Plan) -> str:
    if plan.redis != "one":
        return plan.redis
    return "pgbouncer" if plan.pooled else plan.store


def _bugs(arguments: Namespace, folder: Path) -> int:
    names = [name for name in arguments.only.split(",") if name] or list(BUGS)
    if unknown := set(names) - BUGS.keys():
        raise ValueError(f"no such bug: {', '.join(sorted(unknown))}")
    seed = arguments.seed or 0
    caught: dict[str, list[str]] = {}
    for number, name in enumerate(names, 1):
        bug = BUGS[name]
        found = _try(replace(bug.plan, bug=name, seed=seed), folder / name)
        caught[name] = sorted(bug.expected & set(found))
        what = ", ".join(caught[name]) or f"NOT CAUGHT ({', '.join(found) or 'nothing found'})"
        print(f"{number:2}/{len(names)} {name:<20} {bug.summary:<56} {what}", flush=True)
    # The same runs without a bug must find nothing.
    plans = {bug.plan.describe(): bug.plan for bug in (BUGS[name] for name in names)}
    alarms: dict[str, list[str]] = {}
    for number, (title, plan) in enumerate(plans.items(), 1):
        found = alarms[title] = _try(replace(plan, seed=seed), folder / f"control-{number}")
        what = ", ".join(found) or "nothing found"
        print(f"{number:2}/{len(plans)} no bug: {title:<69} {what}", flush=True)
    good, quiet = sum(map(bool, caught.values())), sum(not found for found in alarms.values())
    print(f"{good}/{len(names)} seeded bugs caught, {quiet}/{len(plans)} runs without a bug clean")
    _write(arguments, "bugs", {"caught": caught, "without_a_bug": alarms, "seed": seed})
    return 0 if (good, quiet) == (len(names), len(plans)) else 1


def _write(arguments: Namespace, name: str, found: Mapping[str, object]) -> None:
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / f"report-{name}.json").write_text(json.dumps(found, indent=2))


def _try(plan: Plan, folder: Path) -> list[str]:
    """Carry out a plan; return the verdicts, and `late` or `problem` for what else is wrong."""
    folder.mkdir()
    outcome = run(plan, folder, lambda line: None)
    found = [name for name, count in outcome.checker.verdict.counts.items() if count]
    if not all(fault.caught_up for fault in outcome.faults):
        found.append("late")
    if outcome.problems:
        found.append("problem")
    return found


if __name__ == "__main__":
    sys.exit(main())
