"""`python -m bench scale`: calculate what a deployment needs, from measured unit costs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

from bench.scale.deployment import BUSIEST_HOUR, Deployment
from bench.scale.page import PAGE, SEED, SIZES, STORED, written
from bench.scale.tables import Answer, calculate, text
from bench.scale.units import Units

EPILOG = """\
examples:
  python -m bench scale                       the tables of docs/scale.md
  python -m bench scale --users 3000000 --connected 0.6 --json
  python -m bench scale --measure missing     measure what units.json lacks, then calculate
  python -m bench scale --take var/bench/results.json --measure missing --write
                                              refresh units.json and docs/scale.md"""


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench scale",
        description="Calculate nodes, PostgreSQL, Redis, rows, wake-ups and memory of a "
        "deployment, and how its clients come back, from the unit costs in "
        "docs/benchmark/units.json.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--users", type=int, action="append", metavar="N",
        help=f"users; may be repeated (default: {', '.join(map(str, SIZES))})",
    )  # fmt: skip
    for each in fields(Deployment):
        if each.name != "users":
            assert not is_dataclass(each.default)
            parser.add_argument(
                f"--{each.name.replace('_', '-')}",
                type=type(each.default),
                metavar="X",
                help=f"{each.metadata['meaning']} (default: {each.default:g})".replace("%", "%%"),
            )
    parser.add_argument("--seed", type=int, default=SEED, help=f"of chance (default: {SEED})")
    parser.add_argument("--hour", action="store_true", help="play the busiest hour, not the day")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--take", type=Path, metavar="FILE", help="take unit costs over from a results.json"
    )
    parser.add_argument(
        "--measure", metavar="WHICH", help="measure: missing, all, or scenarios with commas between"
    )
    parser.add_argument("--quick", action="store_true", help="measure in small sizes")
    parser.add_argument("--rounds", type=int, default=1, help="of each scenario that is measured")
    parser.add_argument(
        "--write", action="store_true", help="write the tables of docs/scale.md, with the defaults"
    )
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    """Do what was asked for."""
    arguments = _arguments(given)
    if arguments.take:
        taken = _take(json.loads(arguments.take.read_text()))
        print(f"{len(taken)} unit costs from {arguments.take}", file=sys.stderr)
    if arguments.measure:
        from bench.scale import measuring  # it starts servers; a calculation needs none

        names = measuring.chosen(_stored(), arguments.measure)
        for found in measuring.measure(names, quick=arguments.quick, rounds=arguments.rounds):
            print(f"measured: {', '.join(_take(found))}", file=sys.stderr)
    units = _stored()
    if missing := units.missing():
        lacking = ", ".join(unit.name for unit in missing)
        print(f"not measured: {lacking}. Use --measure missing.", file=sys.stderr)
        return 1
    if arguments.write:
        answer = calculate(units, Deployment(), SIZES, SEED)
        PAGE.write_text(written(PAGE.read_text(), answer))
        return 0
    changed = {
        each.name: value
        for each in fields(Deployment)
        if each.name != "users" and (value := getattr(arguments, each.name)) is not None
    }
    minutes = BUSIEST_HOUR if arguments.hour else None
    sizes = arguments.users or SIZES
    try:
        answer = calculate(units, Deployment(**changed), sizes, arguments.seed, minutes)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(plain(answer), indent=1) if arguments.json else text(answer))
    return 0


def _stored() -> Units:
    return Units.read(json.loads(STORED.read_text())) if STORED.exists() else Units()


def _take(results: Mapping[str, Any]) -> list[str]:
    """Store what results have; another run may have stored other unit costs meanwhile."""
    units = _stored()
    taken = units.take(results)
    STORED.write_text(json.dumps(units.plain(), indent=1, ensure_ascii=False) + "\n")
    return taken


def plain(answer: Answer) -> dict[str, Any]:
    """Return everything as JSON has it."""
    return {
        "units": answer.units.plain(),
        "sizes": [
            {
                "deployment": asdict(found.deployment),
                "needs": _plain(found.needs),
                "incidents": {each.name: _plain(each.back) for each in found.incidents},
                "failover": _plain(found.failover),
                "rolling": {
                    "one by one": _plain(found.one_by_one),
                    "some at once": _plain(found.some_at_once),
                },
            }
            for found in answer.sizes
        ],
        "carried": {each.limit.name: each.users for each in answer.carried},
    }


def _plain(found: Any) -> Any:
    if isinstance(found, tuple) and hasattr(found, "_asdict"):
        return {name: _plain(value) for name, value in found._asdict().items()}
    return None if found == float("inf") else found
