"""A project may have its own model of users, such as one with addresses for names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services import environment
from tests.services.process import run_python

pytestmark = pytest.mark.servers


def test_commands_and_pages_work_for_users_without_a_user_name(tmp_path: Path) -> None:
    env = environment.of_a_server() | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'emailers.sqlite3'}",
        "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "tests.realtime.emailers.settings",
    }
    finished = run_python("-m", "tests.realtime.emailers.everything", env=env)
    assert finished.stdout == "everything works\n"
