"""Prove the notification centre: nothing missed, doubled, needless, wrong or unexplained.

python -m tests.centre                       1,000 notifications, two workers, no fault
python -m tests.centre --notifications 50000 --devices 300 --workers 8 --faults 200
python -m tests.centre --store sqlite        one node
python -m tests.centre bugs                  which seeded bugs the checker finds
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

from tests.centre import report
from tests.centre.bugs import BUGS
from tests.centre.plan import Plan
from tests.centre.run import run
from tests.services import environment, reaper
from tests.services.binaries import ServerMissing
from tests.services.plugin import stop_stores


def _arguments() -> Namespace:
    parser = ArgumentParser(
        prog="python -m tests.centre",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="?", choices=["run", "bugs"], default="run")
    parser.add_argument("--store", choices=["postgres", "sqlite"])
    parser.add_argument("--seed", type=int, help="Repeats the faults and their order.")
    parser.add_argument("--notifications", type=int, help="At least so many committed.")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--nodes", type=int)
    parser.add_argument("--devices", type=int)
    parser.add_argument("--producers", type=int)
    parser.add_argument("--faults", type=int)
    parser.add_argument("--rate", type=float, help="Notifications a second.")
    parser.add_argument("--scale", type=float, help="Ladders' times are divided by it.")
    parser.add_argument("--lease", type=float, help="Seconds that a worker owns a message.")
    parser.add_argument("--only", default="", help="Nemeses, or bugs, separated by commas.")
    parser.add_argument("--bug", help="Run with a bug in the product.")
    parser.add_argument("--scene", help="A directed scene in place of chance.")
    parser.add_argument("--out", type=Path, help="A folder for the report as JSON.")
    return parser.parse_args()


def main() -> int:
    """Run what was asked for; 1 when a run is not clean, or a bug was not caught."""
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
    given = {field.name: getattr(arguments, field.name, None) for field in fields(Plan)}
    plan = replace(Plan(), **{name: value for name, value in given.items() if value is not None})
    if arguments.seed is None:
        plan = replace(plan, seed=random.SystemRandom().randrange(10**6))
    plan = replace(plan, nemeses=[name for name in arguments.only.split(",") if name])
    print(f"seed {plan.seed}: {plan.notifications} notifications", flush=True)
    outcome = run(plan, folder, partial(print, flush=True))
    found = report.as_json(outcome)
    print(report.as_text(found))
    _write(arguments, plan.store, found)
    if not outcome.clean or not outcome.verdict.in_time:
        kept = (arguments.out or Path("var/centre")) / f"kept-{plan.seed}"
        shutil.rmtree(kept, ignore_errors=True)
        ignored = shutil.ignore_patterns("postgresql", "*.sock", ".s.PGSQL.*")
        shutil.copytree(folder, kept, ignore=ignored)
        print(f"Ledgers and logs are in {kept}; repeat with --seed {plan.seed}.")
    return 0 if outcome.clean and outcome.verdict.in_time else 1


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
        print(f"{number:2}/{len(names)} {name:<22} {bug.summary:<62} {what}", flush=True)
    # The same runs without a bug must find nothing.
    plans: list[Plan] = []
    for name in names:
        if BUGS[name].plan not in plans:
            plans.append(BUGS[name].plan)
    alarms: list[list[str]] = []
    for number, plan in enumerate(plans, 1):
        alarms.append(_try(replace(plan, seed=seed), folder / f"control-{number}"))
        title = plan.scene or f"{plan.notifications} by chance"
        what = ", ".join(alarms[-1]) or "nothing found"
        print(f"{number:2}/{len(plans)} no bug: {title:<77} {what}", flush=True)
    good, quiet = sum(map(bool, caught.values())), sum(not found for found in alarms)
    print(f"{good}/{len(names)} seeded bugs caught, {quiet}/{len(plans)} runs without a bug clean")
    _write(arguments, "bugs", {"caught": caught, "without_a_bug": alarms, "seed": seed})
    return 0 if (good, quiet) == (len(names), len(plans)) else 1


def _try(plan: Plan, folder: Path) -> list[str]:
    """Carry out a plan; return the verdicts, and `problem` for what else is wrong."""
    folder.mkdir()
    outcome = run(plan, folder, lambda line: None)
    found = [name for name, count in outcome.verdict.counts.items() if count]
    if not outcome.settled or outcome.problems:
        found.append("problem")
    return found


def _write(arguments: Namespace, name: str, found: object) -> None:
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / f"report-{name}.json").write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    sys.exit(main())
