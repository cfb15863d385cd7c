"""Run the Autobahn|Testsuite against `/ws/echo` behind `manage.py serve`.

python -m tests.conformance.autobahn --out DIR          sections 1-7 and 10, half a minute
python -m tests.conformance.autobahn --all --out DIR    also 9, 12 and 13, a quarter of an hour

Writes conformance.md and conformance/index.json into DIR. The exit code is 0 when nothing
failed but what `tests/conformance/verdict.py` names with a reason, and all of that did.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conformance import report, verdict, wstest
from tests.services import environment, reaper
from tests.services.server import Server

PLACE = environment.ROOT / "var" / "conformance"
EVERY = 20  # cases, between two lines of progress


@dataclass(frozen=True)
class Part:
    """Cases that run against one server, and how many they are in this suite."""

    name: str
    cases: list[str]
    count: int
    env: dict[str, str] = field(default_factory=dict)


CORE = Part("core", [f"{section}.*" for section in (*range(1, 8), 10)], 247)
# They send messages of up to 16 MiB.
LIMITS = Part("limits", ["9.*", "12.*", "13.*"], 270, {"WS_MAX_MESSAGE_BYTES": str(32 << 20)})


def _arguments() -> Namespace:
    parser = ArgumentParser(
        prog="python -m tests.conformance.autobahn",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--all", action="store_true", help="Also limits and compression.")
    parser.add_argument("--out", type=Path, required=True, help="A folder for the report.")
    return parser.parse_args()


def main() -> int:
    """Run what was asked for; 1 when a case has not the verdict it must have."""
    arguments = _arguments()
    environment.prepare()
    parts = [CORE, LIMITS] if arguments.all else [CORE]
    results: dict[str, dict[str, Any]] = {}
    try:
        program = wstest.environment(PLACE)
        began = time.monotonic()
        for part in parts:
            results |= _run(program, part)
    except (wstest.SuiteMissing, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    finally:
        reaper.close()
    command = "make conformance" + (" ARGS=--all" if arguments.all else "")
    report.write(arguments.out, results, command, time.monotonic() - began)
    print()
    print(report.as_text(results))
    problems = verdict.problems(results, sum(part.count for part in parts))
    for problem in problems:
        print(f"FAILED: {problem}")
    print(f"The report is {arguments.out / 'conformance.md'}, a page for each case in {PLACE}.")
    return 1 if problems else 0


def _run(program: Path, part: Part) -> dict[str, dict[str, Any]]:
    started = 0

    def began(case: str) -> None:
        nonlocal started
        started += 1
        if started % EVERY == 1 or started == part.count:
            print(f"{part.name} {started:3}/{part.count} {case}", flush=True)

    with Server(env={"WS_ECHO": "1"} | part.env) as server:
        url = f"ws://127.0.0.1:{server.port}/ws/echo"
        results = wstest.run(program, url, part.cases, PLACE / part.name, began)
    log = server.log()
    if (at := log.find("Traceback")) >= 0:  # nothing that a client sends may cause one
        raise RuntimeError(f"the server's log has a traceback:\n{log[at:][:4000]}")
    return results


if __name__ == "__main__":
    sys.exit(main())
