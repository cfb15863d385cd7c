"""Look for schedules that break a promise: `python -m tests.simulation --seconds 600`."""

from __future__ import annotations

import itertools
import os
import random
import sys
import time
from argparse import ArgumentParser
from pathlib import Path

import django

from tests.services import environment


def main() -> int:
    """Play schedules; 1 if one broke a promise, and with a bug if none did."""
    parser = ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seconds", type=float, help="For how long; without it, 10,000 schedules.")
    parser.add_argument("--schedules", type=int, help="How many at most.")
    parser.add_argument("--seed", type=int, help="The first seed; others each time without it.")
    parser.add_argument("--bug", help="Put a bug of tests.faults.bugs in: it must be found.")
    parser.add_argument("--play", type=Path, help="Play a schedule that was kept in a file.")
    arguments = parser.parse_args()
    environment.prepare()
    os.environ["DJANGO_SETTINGS_MODULE"] = "hoardrun.settings"
    django.setup()
    from tests.simulation import bugs, run, schedule, stage

    if arguments.bug is not None and arguments.bug not in bugs.ALL:
        parser.error(f"no bug of a node: {arguments.bug}; they are {', '.join(bugs.ALL)}")
    with stage.replaced(arguments.bug):
        if arguments.play:
            failures = schedule.load(arguments.play.read_text()).play()
            print("\n".join(f"{verdict}: {text}" for verdict, text in failures) or "all is well")
            return 1 if failures else 0
        most = arguments.schedules
        if most is None and arguments.seconds is None:
            most = 10_000
        first = random.randrange(1 << 40) if arguments.seed is None else arguments.seed
        print(f"schedules from seed {first} on")
        began = time.perf_counter()
        played, found = run.look(
            itertools.islice(itertools.count(first), most),
            seconds=arguments.seconds,
            say=lambda text: print(text, flush=True),
        )
        took = f"{played} schedules in {time.perf_counter() - began:.1f} s"
        if found is None:
            print(f"{took}: no promise was broken")
            return 0 if arguments.bug is None else 1
        print(f"{took}:\n{found.report(arguments.bug)}")
        if arguments.bug is None:
            return 1
        return 0 if found.verdict in bugs.ALL[arguments.bug] else 1


if __name__ == "__main__":
    sys.exit(main())
