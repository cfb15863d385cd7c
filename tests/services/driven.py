"""A child process that does what it is told: one JSON object a line, both ways."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from tests.services.process import Process

Answer = dict[str, Any]
START_SECONDS = 120


class ChildFailed(RuntimeError):
    """A child ended, fell silent, or said that it could not."""


class Driven(Process):
    """Start `python -m <module>` and talk to it; it ends with the run at the latest."""

    def __init__(
        self, module: str, *arguments: str, log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        super().__init__([sys.executable, "-m", module, *arguments], log=log, env=env, piped=True)
        self._name = module
        self._rest = b""
        assert isinstance(self._popen, subprocess.Popen)
        assert self._popen.stdin is not None and self._popen.stdout is not None
        self._in, self._out = self._popen.stdin, self._popen.stdout
        try:
            self._read(START_SECONDS)  # it says that it is ready
        except BaseException:
            self.end()
            raise

    def ask(self, verb: str, *, within: float = 120, **options: object) -> Answer:
        """Send a command and wait for its answer, at most `within` seconds.

        Raises ChildFailed when the child ends, reports an error or takes longer.
        """
        line = json.dumps({"do": verb, **options}) + "\n"
        try:
            self._in.write(line.encode())
            self._in.flush()
        except OSError:
            raise ChildFailed(f"{self._name} has ended:\n{self.tail()}") from None
        return self._read(within)

    def end(self) -> None:
        """End it: closing its input is the sign. Idempotent."""
        with contextlib.suppress(OSError):
            self._in.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(10)
        self.kill()
        self._out.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def _read(self, seconds: float) -> Answer:
        descriptor = self._out.fileno()
        deadline = time.monotonic() + seconds
        while b"\n" not in self._rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise ChildFailed(f"{self._name} did not answer in {seconds:g} s\n{self.tail()}")
            data = os.read(descriptor, 1 << 20)
            if not data:
                raise ChildFailed(f"{self._name} has ended:\n{self.tail()}")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        answer: Answer = json.loads(line)
        if "error" in answer:
            raise ChildFailed(f"{self._name}: {answer['error']}\n{self.tail()}")
        return answer


def serve(
    commands: Mapping[str, Callable[..., Answer]], lines: Iterable[str | bytes] = sys.stdin
) -> None:
    """Be such a child: carry out commands from standard input until it closes."""
    print(json.dumps({"ready": True}), flush=True)
    for line in lines:
        options = json.loads(line)
        try:
            answer = commands[options.pop("do")](**options)
        except Exception as error:
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)
