"""A job that one node does for all is done by one of them, and again once it is due again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from realtime import clock, jobs
from realtime.models import JobRun

NODES = 6
pytestmark = pytest.mark.django_db(transaction=True)


def claims() -> int:
    """Let all nodes ask at the same moment; return how many are to do the job."""

    def ask(node: int) -> bool:
        try:
            return jobs.claim("tidy", 60)
        finally:
            connection.close()

    with ThreadPoolExecutor(NODES) as nodes:
        return sum(nodes.map(ask, range(NODES)))


def test_one_node_gets_a_job_at_a_time() -> None:
    assert [claims(), claims()] == [1, 0]
    JobRun.objects.update(claimed_at=clock.now() - timedelta(seconds=61))
    assert [claims(), claims()] == [1, 0]


def test_a_clock_that_was_put_back_holds_no_job_up() -> None:
    assert claims() == 1
    JobRun.objects.update(claimed_at=clock.now() + timedelta(days=365))
    assert [claims(), claims()] == [1, 0]
