"""A project may have its own model of users, such as one with addresses for names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import environment

pytestmark = pytest.mark.servers


def test_commands_and_pages_work_for_users_without_a_user_name(tmp_path: Path) -> None:
    env = environment.of_a_server() | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'emailers.sqlite3'}",
        "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "tests.realtime.emailers.settings",
    }
    finished = subprocess.run(
        [sys.executable, "-m", "tests.realtime.emailers.everything"],
        env=env,
        cwd=environment.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.stdout == "everything works\n", finished.stderr
