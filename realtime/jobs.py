"""Small periodic jobs that every serving node runs, such as publishing what is due.

A job must be safe to run on all nodes at once: it claims its rows by a conditional
update. It is synchronous, short, and runs in a worker thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


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
