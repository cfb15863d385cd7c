"""One run: start everything, commit under faults, heal, let all ladders end, check."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.centre import evidence
from tests.centre.checker import Checker
from tests.centre.course import Course
from tests.centre.nemeses import chosen
from tests.centre.plan import Plan
from tests.centre.verdict import Verdict
from tests.centre.world import peopled
from tests.faults import truth
from tests.services.proof import outcome

Outcome = outcome.Outcome[Plan, Verdict]


def run(plan: Plan, folder: Path, say: Callable[[str], None] = print) -> Outcome:
    """Carry out a plan, with all its files in `folder`."""
    began = time.monotonic()
    chosen(plan.store, tuple(plan.nemeses))  # raises ValueError before anything is started
    with peopled(plan, folder) as (centre, devices):
        course = Course(plan, centre, devices, say)
        phases = course.phases
        phases["starting"] = time.monotonic() - began
        course.run()
        checking = time.monotonic()
        course.rest()
        problems = course.problems + truth.corruption(centre.database_url)
        problems += centre.problems()
        found = evidence.read(centre.database_url, folder, plan.scale, course.ended)
        found.healed = course.healed
        verdict = Checker(found).run()
        phases["checking"] = time.monotonic() - checking
        for each in devices:
            each.end()
    seconds = time.monotonic() - began
    return Outcome(plan, verdict, course.faults, problems, seconds, course.is_settled, phases)
