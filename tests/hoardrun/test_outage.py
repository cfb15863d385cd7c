"""Commands say in one line that the database cannot be used, and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.hoardrun.deployment import manage, python, shipped
from tests.services.ports import free_port

# Each starts a process with a store of its own.
pytestmark = pytest.mark.servers

COMMANDS = [
    ("stats",),
    ("stats", "--json"),
    ("announce", "Title", "Message."),
    ("notify", "--all", "--title", "T", "--message", "M", "--key", "k"),
    ("trim_events",),
    ("disconnect", "amina"),
    ("bump_epoch", "--all"),
    ("tail", "amina"),
]


@pytest.fixture
def empty(tmp_path: Path) -> dict[str, str]:
    return shipped(DATABASE_URL=f"sqlite:///{tmp_path}/empty.sqlite3")


def failed(environment: dict[str, str], *words: str) -> CompletedProcess[str]:
    """Run a command that must fail."""
    finished = manage(environment, *words)
    assert finished.returncode == 1
    return finished


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: "-".join(words[:2]))
def test_missing_tables_are_one_line_that_says_to_migrate(empty, words: tuple[str, ...]):
    finished = failed(empty, *words)
    [line] = finished.stderr.splitlines()
    assert "empty.sqlite3 lacks what this command reads: no such table: " in line
    assert "manage.py migrate" in line
    assert "DATABASE_URL" in line
    assert not finished.stdout


@pytest.mark.parametrize("asked", [{"words": ["--traceback"]}, {"env": {"DEBUG": "1"}}])
def test_the_traceback_comes_when_asked_for_or_under_debug(empty, asked):
    finished = failed(empty | asked.get("env", {}), "stats", *asked.get("words", []))
    assert "Traceback" in finished.stderr
    assert "manage.py migrate" in finished.stderr.splitlines()[-1]


def test_a_server_that_is_down_is_named_without_its_password(empty):
    port = free_port()
    empty["DATABASE_URL"] = f"postgres://ada:open-sesame@127.0.0.1:{port}/money"
    finished = failed(empty, "stats")
    *warnings, line = finished.stderr.splitlines()
    assert all("psycopg.pool" in warning for warning in warnings)
    assert "Connection refused" in warnings[0]
    assert line.startswith(f"The database money at 127.0.0.1:{port} cannot be used: ")
    assert "DATABASE_URL" in line
    assert "open-sesame" not in finished.stderr


@pytest.mark.parametrize("as_json", [True, False])
def test_a_monitor_hears_that_it_is_critical(empty, as_json: bool):
    finished = manage(empty, "stats", "--check", *(["--json"] if as_json else []))
    assert finished.returncode == 2
    if as_json:
        assert json.loads(finished.stdout)["status"] == "CRITICAL"
    else:
        assert finished.stdout.startswith("CRITICAL: the database cannot be used: The ")
        assert "no such table" in finished.stdout and "manage.py migrate" in finished.stdout


def test_errors_of_typed_code_keep_their_traceback(empty):
    code = "from django.db import ProgrammingError as E; raise E('mine')"
    finished = failed(empty, "shell", "-v0", "-c", code)
    assert "Traceback" in finished.stderr
    assert "DATABASE_URL" not in finished.stderr


def test_a_python_without_django_says_which_one_to_use():
    without_packages = ("-I", "-S")
    finished = python({}, *without_packages, "manage.py", "tail", "amina")
    assert finished.returncode == 1
    [line] = finished.stderr.splitlines()
    assert "make run" in line and ".venv/bin/python manage.py" in line
