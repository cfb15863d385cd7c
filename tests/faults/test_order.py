"""Offsets come in the order of commits, on both databases; what merely looks so fails this test.

HOARDRUN_FAULTS_COMMITS says how many commits; 16 writers make them, and roll back a fifth.
"""

from __future__ import annotations

import json
import os

import pytest

from tests.services import environment, reaper, templates
from tests.services.postgres import Postgres
from tests.services.process import run_python

pytestmark = pytest.mark.servers
COMMITS = int(os.environ.get("HOARDRUN_FAULTS_COMMITS") or 2500)
CLEAN = {"lost": 0, "doubled": 0, "phantom": 0, "inversions": 0, "gaps": 0}
POOL = "32"  # a connection for each writer and each reader


def tried(url: str, design: str, *arguments: str) -> dict[str, int]:
    """Run writers and readers of a design in a process of their own; return what it counted."""
    env = environment.of_a_server() | {"DATABASE_URL": url, "DATABASE_POOL_SIZE": POOL}
    command = ("-m", "tests.faults.designs", design, "--commits", str(COMMITS), *arguments)
    found: dict[str, int] = json.loads(run_python(*command, env=env).stdout)
    return found


def test_the_log_on_postgresql(postgres: Postgres) -> None:
    assert tried(postgres.migrated("ordered"), "log") == {"committed": COMMITS, **CLEAN}


def test_the_log_on_sqlite() -> None:
    url = templates.copy_sqlite(templates.of_sqlite(), reaper.workspace() / "ordered.sqlite3")
    assert tried(url, "log") == {"committed": COMMITS, **CLEAN}


def test_a_global_sequence_fails_the_same_test(postgres: Postgres) -> None:
    found = tried(postgres.database("serial"), "serial")
    assert found["lost"] > 0  # how many is for the machine to say: 90 of 2500 on two cores
    assert (found["committed"], found["phantom"], found["doubled"]) == (COMMITS, 0, 0)


@pytest.mark.parametrize("design", ["serial", "horizon"])
def test_a_number_drawn_before_another_commits_is_lost(postgres: Postgres, design: str) -> None:
    found = tried(postgres.database("interleaved"), design, "--interleave")
    assert found == {"committed": 2, **CLEAN, "lost": 1}


def test_the_log_commits_numbers_in_order(postgres: Postgres) -> None:
    found = tried(postgres.migrated("interleaved"), "log", "--interleave")
    assert found == {"committed": 2, **CLEAN}
