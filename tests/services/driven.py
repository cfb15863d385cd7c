"""A child process that does what it is told: one JSON object a line, both ways."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any, Self

from tests.services import environment, reaper

Answer = dict[str, Any]
START_SECONDS = 120


class ChildFailed(RuntimeError):
    """A child ended, fell silent, or said that it could not."""


class Driven:
    """Start `python -m <module>` and talk to it; it ends with the run at the latest."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        log: Path,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._name = module
        self._log = log
        self._rest = b""
        with log.open("ab") as errors:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=environment.ROOT,
                env=env,
                start_new_session=True,  # Ctrl-C in the terminal is for the run alone
            )
        reaper.watch(self.pid, SIGTERM)
        try:
            self._read(START_SECONDS)  # it says that it is ready
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        return self._popen.pid

    def ask(self, verb: str, *, within: float = 120, **options: object) -> Answer:
        """Send a command and wait for its answer, `within` so many seconds.

        Raises ChildFailed when the child ends, reports an error or takes longer.
        """
        assert self._popen.stdin is not None
        line = json.dumps({"do": verb, **options}) + "\n"
        try:
            self._popen.stdin.write(line.encode())
            self._popen.stdin.flush()
        except OSError:
            raise ChildFailed(f"{self._name} has ended:\n{self._tail()}") from None
        return self._read(within)

    def stop(self) -> None:
        """End it: closing its input is the sign. Idempotent."""
        assert self._popen.stdin is not None and self._popen.stdout is not None
        with contextlib.suppress(OSError):
            self._popen.stdin.close()
        try:
            self._popen.wait(10)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._popen.stdout.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, SIGKILL)
        reaper.forget(self.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _read(self, seconds: float) -> Answer:
        assert self._popen.stdout is not None
        descriptor = self._popen.stdout.fileno()
        deadline = time.monotonic() + seconds
        while b"\n" not in self._rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise ChildFailed(f"{self._name} did not answer in {seconds:g} s\n{self._tail()}")
            data = os.read(descriptor, 1 << 20)
            if not data:
                raise ChildFailed(f"{self._name} has ended:\n{self._tail()}")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        answer: Answer = json.loads(line)
        if "error" in answer:
            raise ChildFailed(f"{self._name}: {answer['error']}\n{self._tail()}")
        return answer

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-3000:]


def serve(commands: Mapping[str, Callable[..., Answer]]) -> None:
    """Be such a child: carry out commands from standard input until it closes."""
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        options = json.loads(line)
        try:
            answer = commands[options.pop("do")](**options)
        except Exception as error:
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)
