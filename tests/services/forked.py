"""Run Python programs in forks of a process that has loaded what needs no settings.

These are `manage.py`, `python -c`, and `python -m` with a module of the tests.

To load that takes most of the CPU of a start, and a run of the tests starts some hundred programs.
What Python or its loader read from the environment must be as it was there; a program that wants
it otherwise is started as usual.
"""

from __future__ import annotations

import functools
import json
import math
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from tests.services import environment, reaper
from tests.services.loaded import NUMBER
from tests.services.ports import POLL_SECONDS

PROGRAMS = ([sys.executable, "manage.py"], [sys.executable, "-c"])
_AT_START = re.compile(r"(COVERAGE|GLIBC|LC|LD|MALLOC)_|LANG|PYTHON")
_starting = threading.Lock()


def is_possible(words: Sequence[str], env: Mapping[str, str] | None, cwd: Path) -> bool:
    """Say whether a fork would be as good as a start."""
    is_module = list(words[:2]) == [sys.executable, "-m"] and words[2].startswith("tests.")
    is_known = is_module or list(words[:2]) in PROGRAMS
    if not is_known or cwd != environment.ROOT or env is None:
        return False
    wanted = _read_at_start(env)
    return wanted == _loaded().given and not any(name.startswith("COVERAGE") for name in wanted)


def close() -> None:
    """End the process that has loaded the libraries, and with it no program."""
    if _start.cache_info().currsize:
        _loaded().close()
        _start.cache_clear()


def _read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if _AT_START.match(name)}


class _Loaded:
    """The process, and our end of the socket to it: it ends when that closes."""

    def __init__(self) -> None:
        env = environment.of_a_server()
        self.given = _read_at_start(env)
        self.log = reaper.workspace() / "log-of-loaded"
        self.asked, theirs = socket.socketpair()
        with theirs, self.log.open("ab") as log:
            number = theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.services.loaded", str(number)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=env,
                cwd=environment.ROOT,
                pass_fds=[number],
                start_new_session=True,  # Ctrl-C in the terminal is for the run alone
            )

    def close(self) -> None:
        self.asked.close()
        self._process.wait()


@functools.cache
def _start() -> _Loaded:
    return _Loaded()


def _loaded() -> _Loaded:
    """Return the process of this run, started at the first call."""
    with _starting:
        return _start()


class Forked:
    """A running program: what this package uses of `subprocess.Popen`."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        stdout: IO[bytes],
        stderr: IO[bytes],
    ) -> None:
        self.args = words
        self._code: int | None = None
        self._reading = threading.Lock()
        self._told, theirs = socket.socketpair()
        with theirs:
            given = [theirs.fileno(), stdout.fileno(), stderr.fileno()]
            socket.send_fds(_loaded().asked, [b"."], given)
        program = {"words": words[1:], "folder": str(cwd), "environment": dict(env)}
        self._told.sendall(json.dumps(program).encode() + b"\n")
        self.pid = self._number()

    def poll(self) -> int | None:
        """Return the exit code, -N for death by signal N, or None while it runs."""
        with self._reading:
            if self._code is None and self._has_told(0):
                self._code = self._number()
                self._told.close()
            return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises subprocess.TimeoutExpired."""
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(list(self.args), timeout or 0)
            time.sleep(POLL_SECONDS)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _has_told(self, seconds: float) -> bool:
        waiting = select.poll()
        waiting.register(self._told, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))

    def _number(self) -> int:
        told = self._told.recv(NUMBER.size)
        if len(told) < NUMBER.size:
            raise RuntimeError(f"no fork could be made:\n{_loaded().log.read_text()}")
        [number] = NUMBER.unpack(told)
        return int(number)


def run(
    words: Sequence[str], *, env: Mapping[str, str], cwd: Path, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, as `subprocess.run` does with `capture_output`."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        program = Forked(words, env=env, cwd=cwd, stdout=stdout, stderr=stderr)
        try:
            code = program.wait(timeout)
        except BaseException:
            program.send_signal(signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(words, code, _text(stdout), _text(stderr))


def _text(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode()
