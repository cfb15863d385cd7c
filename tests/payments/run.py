"""One run: start everything, ask for payments under faults, heal, let all end, check."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.payments import evidence
from tests.payments.checker import Verdict, check
from tests.payments.course import Course
from tests.payments.nemeses import chosen
from tests.payments.plan import Plan
from tests.payments.world import World
from tests.services.proof import outcome

Outcome = outcome.Outcome[Plan, Verdict]


def run(plan: Plan, folder: Path, say: Callable[[str], None] = print) -> Outcome:
    """Carry out a plan, with all its files in `folder`."""
    began = time.monotonic()
    chosen(plan.store, tuple(plan.nemeses))  # raises ValueError before anything is started
    with closing(World(plan, folder)) as world:
        world.start()
        course = Course(plan, world, say)
        course.phases["starting"] = time.monotonic() - began
        course.run()
        with course.phase("checking"):
            course.rest()
            problems = course.problems + world.problems()
            world.outside.ask("books", folder=str(folder))
            found = evidence.read(world.database_url, folder, plan)
            verdict = check(found, world.verified())
    seconds = time.monotonic() - began
    settled, phases = course.is_settled, course.phases
    return Outcome(plan, verdict, course.faults, problems, seconds, settled, phases)
