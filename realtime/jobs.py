"""Small periodic jobs of every node, such as publishing what is due.

Apps register jobs in `ready()`; `realtime.cluster.reporter` runs them in worker threads. A job must
be synchronous, short, and safe on all nodes at once: it claims rows by a conditional update.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from django.db import close_old_connections
from django.db.models import Q

from realtime import clock
from realtime.models import JobRun

R = TypeVar("R")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A function to call every `seconds`."""

    name: str
    seconds: float
    run: Callable[[], object]


_jobs: dict[str, Job] = {}


def register(job: Job) -> None:
    """Register a job; every node runs it from its start."""
    _jobs[job.name] = job


def jobs() -> Sequence[Job]:
    return tuple(_jobs.values())


def claim(name: str, seconds: float) -> bool:
    """Say whether this node is to do a job that one node does for all every `seconds`.

    One that asks when it is due gets it, and others do not until `seconds` later, also if it is
    killed meanwhile; if the job failed, it calls `give_back`. A job that takes longer than that may
    run twice at once.
    """
    now, period = clock.now(), timedelta(seconds=seconds)
    is_due = Q(claimed_at=None) | Q(claimed_at__lte=now - period)
    is_due |= Q(claimed_at__gt=now + period)  # the database's clock has been put back
    due = JobRun.objects.filter(is_due, name=name)
    if due.update(claimed_at=now):
        return True
    _, is_first = JobRun.objects.get_or_create(name=name, defaults={"claimed_at": now})
    return is_first


def give_back(name: str) -> None:
    """Let the next node that asks have a job that failed on this one."""
    JobRun.objects.filter(name=name).update(claimed_at=None)


def run_each(job: str, steps: Mapping[str, Callable[[], R]]) -> dict[str, R]:
    """Run the steps of a job independently; return the results of those that succeed.

    A step that fails is logged by name, and the others still run.
    """
    found: dict[str, R] = {}
    for name, step in steps.items():
        try:
            found[name] = step()
        except Exception as error:  # one step's failure must not stop the others
            logger.warning("job %s, %s: %r", job, name, error)
            close_old_connections()  # a broken connection would fail the next step too
    return found
