"""`python -m tests.conformance.fuzz [--inputs 100000] [--seed N]`."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
from functools import partial

from tests.services import environment, reaper
from tests.services.postgres import Postgres


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Throw broken frames, messages and requests at a server."
    )
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    arguments = parser.parse_args()
    environment.prepare()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hoardrun.settings")
    import django

    django.setup()
    from tests.conformance.fuzz.run import run

    print(f"seed {arguments.seed}", flush=True)
    database = Postgres().migrated("fuzz") if arguments.database == "postgres" else ""
    say = partial(print, flush=True)
    report = asyncio.run(run(arguments.inputs, arguments.seed, database=database, say=say))
    for title, counts in (("Thrown", report.attack.thrown), ("Came back", report.attack.answers)):
        print(f"\n{title}: {counts.total():,}")
        for name, count in counts.most_common():
            print(f"  {count:>8,}  {name}")
    print(f"\n{report.seconds:.0f} s")
    times = "at the start", "warm", "at the end", "after the bombs"
    for when, memory in zip(times, report.memory, strict=True):
        print(f"  {memory.rss_mb} MB and {memory.kept:,} blocks of Python's {when}")
    for text in report.wrong[:50]:
        print("WRONG:", text)
    print("all well" if not report.wrong else f"{len(report.wrong)} wrong")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        reaper.close()
