"""A program in a fork finds what it finds when it is started, and ends as it ends then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.services import environment, forked
from tests.services.forked import Forked
from tests.services.ports import wait_until
from tests.services.process import run_python

ROOT = environment.ROOT
_SURROUNDINGS = """
import json, os, signal, sys, time
own = {"__file__": os.path.abspath(sys.modules["__main__"].__file__), "argv": sys.argv}
print(json.dumps(own | {
    "folder": os.getcwd(), "zones": time.tzname, "path": sys.path, "environment": dict(os.environ),
    "leads": os.getsid(0) == os.getpid() == os.getpgrp(), "input": sys.stdin.read(),
    "open": sorted(os.listdir("/dev/fd"))[:-1],
    "handlers": [str(signal.getsignal(each)) for each in sorted(signal.valid_signals())],
    "blocked": list(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "buffered": [not each.write_through for each in (sys.stdout, sys.stderr)],
}))
"""
WORDS = ["manage.py", "shell", "-v0", "-c"]


def _env(**more: str) -> dict[str, str]:
    return environment.of_a_server() | {"DATABASE_URL": "sqlite://:memory:"} | more


def _surroundings(command: list[str], env: dict[str, str]) -> dict[str, Any]:
    """Start it as `subprocess` does."""
    told = subprocess.run(
        command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=-1, start_new_session=True
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def test_it_finds_the_same_as_a_program_that_is_started() -> None:
    words = [*WORDS, _SURROUNDINGS]
    env = _env(LOG_LEVEL="ERROR")
    assert forked.is_possible([sys.executable, *words], env, ROOT)
    told = json.loads(run_python(*words, env=env).stdout)
    assert told == _surroundings([sys.executable, *words], env)
    assert told["leads"] is True


def test_a_text_finds_its_arguments_and_the_packages() -> None:
    words = ["-c", "import sys, realtime; print(__name__, sys.argv, [sys.path[0]])", "a", "-b"]
    assert forked.is_possible([sys.executable, *words], _env(), ROOT)
    ran = run_python(*words, env=_env())
    assert (ran.stdout, ran.stderr) == ("__main__ ['-c', 'a', '-b'] ['']\n", "")


def test_a_module_of_the_tests_finds_its_arguments() -> None:
    words = ["-m", "tests.faults.designs", "log", "--commits", "many"]
    assert forked.is_possible([sys.executable, *words], _env(), ROOT)
    ended, started = (
        run_python(*words, env=_env(), may_fail=True, may_fork=may_fork)
        for may_fork in (True, False)
    )
    assert (ended.returncode, ended.stderr) == (2, started.stderr)
    assert "invalid int value: 'many'" in ended.stderr


def test_no_two_draw_the_same_numbers() -> None:
    drawing = [*WORDS, "import random, uuid; print(random.random(), uuid.uuid4())"]
    first, second = (run_python(*drawing, env=_env()).stdout for _ in range(2))
    assert first != second


def test_its_exit_code_and_its_complaints_are_told() -> None:
    ended = run_python("manage.py", "no_such_command", env=_env(), may_fail=True)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Unknown command: 'no_such_command'" in ended.stderr


@pytest.mark.parametrize(
    ("script", "code", "printed", "complaint"),
    [
        ("import atexit; atexit.register(print, 'last')", 0, "last\n", ""),
        ("import sys; print('so'); sys.exit(300)", 300 % 256, "so\n", ""),
        ("import sys; sys.exit('not so')", 1, "", "not so\n"),
        (
            "import threading, time\n"
            "def finish():\n  time.sleep(0.2)\n  print('finished')\n"
            "threading.Thread(target=finish).start()",
            0,
            "finished\n",
            "",
        ),
    ],
    ids=["exit functions", "code", "text", "threads"],
)
def test_all_that_belongs_to_its_end_happens(
    script: str, code: int, printed: str, complaint: str
) -> None:
    ended = run_python(*WORDS, script, env=_env(), may_fail=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, printed, complaint)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_it(number: signal.Signals, tmp_path: Path) -> None:
    waiting = [*WORDS, "import time; print('ready'); time.sleep(60)"]
    log = tmp_path / "log"
    with log.open("wb") as output:
        program = Forked(
            [sys.executable, *waiting], env=_env(), cwd=ROOT, stdout=output, stderr=output
        )
    wait_until(lambda: "ready" in log.read_text(), seconds=30, what="it waits")
    assert program.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(0)
    program.send_signal(number)
    assert program.wait(30) == program.poll() == -number
    program.send_signal(number)  # nobody is there any more
    with pytest.raises(ProcessLookupError):
        os.killpg(program.pid, 0)


@pytest.mark.parametrize(
    "more", [{"PYTHONHASHSEED": "1"}, {"LD_PRELOAD": "libfaketime.so"}, {"LANG": "sw"}]
)
def test_what_python_reads_at_its_start_takes_a_start(more: dict[str, str]) -> None:
    words = [sys.executable, *WORDS]
    assert forked.is_possible(words, _env(), ROOT)
    assert not forked.is_possible(words, _env(**more), ROOT)


def test_other_programs_and_the_code_of_another_release_take_a_start(tmp_path: Path) -> None:
    assert not forked.is_possible([sys.executable, "-m", "daphne"], _env(), ROOT)
    assert not forked.is_possible([sys.executable, *WORDS], _env(), tmp_path)
    assert not forked.is_possible(["/usr/bin/python3", *WORDS], _env(), ROOT)
