"""The command of a proof: carry out a plan, or see which seeded bugs its checker finds."""

from __future__ import annotations

import json
import shutil
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from tests.services import environment, reaper
from tests.services.binaries import ServerMissing
from tests.services.plugin import stop_stores
from tests.services.proof.plan import Bug, PlanT, names_of

OutcomeT = TypeVar("OutcomeT")


@dataclass(frozen=True)
class Proof(Generic[PlanT, OutcomeT]):
    """The parts of a proof; `python -m tests.<name>` is its command."""

    name: str
    bugs: Mapping[str, Bug[PlanT]]
    run: Callable[[PlanT, Path, Callable[[str], None]], OutcomeT]
    as_json: Callable[[OutcomeT], dict[str, Any]]
    as_text: Callable[[Mapping[str, Any]], str]
    wrong: Callable[[OutcomeT], list[str]]  # the verdicts of a run, and what else is wrong
    title: Callable[[PlanT], str]  # tells plans apart, for people
    arrangement: Callable[[PlanT], str] = lambda plan: plan.store  # names the file of the report

    def parser(self, text: str) -> ArgumentParser:
        """Return a parser with the arguments that all proofs take."""
        made = ArgumentParser(
            prog=f"python -m tests.{self.name}",
            description=text,
            formatter_class=RawDescriptionHelpFormatter,
        )
        made.add_argument("what", nargs="?", choices=["run", "bugs"], default="run")
        made.add_argument("--store", choices=["postgres", "sqlite"])
        made.add_argument("--seed", type=int, help="Repeats the faults and their order.")
        made.add_argument("--faults", type=int, help="At least this number.")
        made.add_argument("--nodes", type=int)
        made.add_argument("--rate", type=float, help="Commits a second.")
        made.add_argument("--only", default="", help="Nemeses, or bugs, separated by commas.")
        made.add_argument("--bug", help="Run with a bug in the product.")
        made.add_argument("--out", type=Path, help="A folder for the report as JSON.")
        return made

    def main(self, arguments: Namespace, plan: Callable[[], PlanT]) -> int:
        """Run what was asked for; 1 when a run is not clean, or a bug was not caught."""
        folder = reaper.workspace()
        environment.prepare()
        try:
            if arguments.what == "bugs":
                return self._try_bugs(arguments, folder)
            return self._carry_out(plan(), folder, arguments.out)
        except (ServerMissing, ValueError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        finally:
            stop_stores()
            reaper.close()

    def _carry_out(self, plan: PlanT, folder: Path, out: Path | None) -> int:
        print(f"seed {plan.seed}", flush=True)
        found = self.as_json(self.run(plan, folder, partial(print, flush=True)))
        print(f"\n{self.as_text(found)}")
        _write(out, self.arrangement(plan), found)
        if found["clean"] and found["in_time"]:
            return 0
        kept = (out or Path("var") / self.name) / f"kept-{plan.seed}"
        shutil.rmtree(kept, ignore_errors=True)
        ignored = shutil.ignore_patterns("postgresql", "*.sock", ".s.PGSQL.*")
        shutil.copytree(folder, kept, ignore=ignored)
        print(f"What was written down is in {kept}; repeat with --seed {plan.seed}.")
        return 1

    def _try_bugs(self, arguments: Namespace, folder: Path) -> int:
        names = names_of(arguments.only) or list(self.bugs)
        if unknown := set(names) - self.bugs.keys():
            raise ValueError(f"no such bug: {', '.join(sorted(unknown))}")
        seed = arguments.seed or 0
        caught: dict[str, list[str]] = {}
        for number, name in enumerate(names, 1):
            bug = self.bugs[name]
            expected = set(bug.expected.split())
            found = self._try(replace(bug.plan, bug=name, seed=seed), folder / name, expected)
            caught[name] = sorted(expected & set(found))
            what = ", ".join(caught[name]) or f"NOT CAUGHT ({', '.join(found) or 'nothing found'})"
            print(f"{number:2}/{len(names)} {name:<22} {bug.summary:<62} {what}", flush=True)
        # The same runs without a bug must find nothing.
        plans: list[PlanT] = []
        for name in names:
            if self.bugs[name].plan not in plans:
                plans.append(self.bugs[name].plan)
        alarms: list[list[str]] = []
        for number, plan in enumerate(plans, 1):
            control = replace(plan, seed=seed)
            alarms.append(self._try(control, folder / f"control-{number}", set()))
            what = ", ".join(alarms[-1]) or "nothing found"
            print(f"{number:2}/{len(plans)} no bug: {self.title(plan):<77} {what}", flush=True)
        good, quiet = sum(map(bool, caught.values())), sum(not found for found in alarms)
        print(
            f"{good}/{len(names)} seeded bugs caught, {quiet}/{len(plans)} runs without a bug clean"
        )
        _write(arguments.out, "bugs", {"caught": caught, "without_a_bug": alarms, "seed": seed})
        return 0 if (good, quiet) == (len(names), len(plans)) else 1

    def _try(self, plan: PlanT, folder: Path, expected: set[str]) -> list[str]:
        """Carry out a plan; where its verdicts are not those expected, print what it has found."""
        folder.mkdir()
        outcome = self.run(plan, folder, lambda line: None)
        found = self.wrong(outcome)
        if not (expected & set(found) if expected else not found):
            print(f"\n{self.as_text(self.as_json(outcome))}\n", flush=True)
        return found


def _write(out: Path | None, name: str, found: object) -> None:
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"report-{name}.json").write_text(json.dumps(found, indent=2))
