"""Small periodic jobs that every serving node runs, such as publishing what is due.

A job must be safe to run on all nodes at once: it claims its rows by a conditional
update. It is synchronous, short, and runs in a worker thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import close_old_connections

R = TypeVar("R")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """Something to call every `seconds`."""

    name: str
    seconds: float
    run: Callable[[], object]


_jobs: dict[str, Job] = {}


def register(job: Job) -> None:
    """Make a job known; nodes start it with themselves."""
    _jobs[job.name] = job


def jobs() -> Sequence[Job]:
    return tuple(_jobs.values())


def run_each(job: str, steps: Mapping[str, Callable[[], R]]) -> dict[str, R]:
    """Run the steps of a job, each by itself; return what those gave that did not fail.

    A step that fails is logged by its name, and the others still run.
    """
    found: dict[str, R] = {}
    for name, step in steps.items():
        try:
            found[name] = step()
        except Exception as error:  # whatever it is, it concerns this step alone
            logger.warning("job %s, %s: %r", job, name, error)
            close_old_connections()  # a broken one would fail the next step too
    return found
