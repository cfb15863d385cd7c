"""One run: start everything, trade under faults, heal, let all be judged, check."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.market import evidence
from tests.market.checker import Verdict, check
from tests.market.course import Course
from tests.market.nemeses import chosen
from tests.market.plan import ASKING_SECONDS, Plan
from tests.market.world import World
from tests.services.proof import outcome

Outcome = outcome.Outcome[Plan, Verdict]


def run(plan: Plan, folder: Path, say: Callable[[str], None] = print) -> Outcome:
    """Carry out a plan, with all its files in `folder`."""
    began = time.monotonic()
    chosen(plan.store, tuple(plan.nemeses))  # raises ValueError before anything is started
    with closing(World(plan, folder)) as world:
        started = time.time()
        world.start()
        course = Course(plan, world, say)
        course.phases["starting"] = time.monotonic() - began
        course.run()
        with course.phase("checking"):
            problems = course.problems + world.problems()
            found = evidence.read(
                world, began=started, ended=course.traded_until, healed=course.healed
            )
            verdict = check(
                found, failover=plan.failover, telling=plan.telling, asking=ASKING_SECONDS
            )
    seconds = time.monotonic() - began
    settled, phases = course.is_settled, course.phases
    return Outcome(plan, verdict, course.faults, problems, seconds, settled, phases)
