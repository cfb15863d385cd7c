"""One child process, with its log, that cannot outlive the test run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from pwd import struct_passwd
from signal import SIGKILL, SIGTERM, Signals
from typing import Any

from tests.services import environment, forked, reaper
from tests.services.forked import Forked
from tests.services.ports import PATIENCE, wait_until

LOG_TAIL_CHARACTERS = 4000
LONGEST_RUN_SECONDS = 600


class Process:
    """Start `command` in a session of its own, writing to the file `log`.

    `user` runs it as somebody else, which takes root. `farewell` is the signal that
    ends it when the run dies without stopping it. With `piped` only its errors go to the
    log, and what it reads and writes is for a subclass. With `may_fork`, a Python program
    runs in a fork where that is as good as a start.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path = environment.ROOT,
        user: struct_passwd | None = None,
        farewell: Signals = SIGTERM,
        piped: bool = False,
        may_fork: bool = False,
    ) -> None:
        self._log = log
        words = [str(word) for word in command]
        self._popen: subprocess.Popen[bytes] | Forked
        with log.open("ab") as output:
            if may_fork and env is not None and forked.is_possible(words, env, cwd):
                self._popen = Forked(words, env=env, cwd=cwd, stdout=output, stderr=output)
            else:
                self._popen = subprocess.Popen(
                    words,
                    stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                    stdout=subprocess.PIPE if piped else output,
                    stderr=output,
                    env=env,
                    cwd=cwd,
                    start_new_session=True,  # Ctrl-C in the terminal is for the run alone
                    **as_user(user),
                )
        reaper.watch(self.pid, farewell)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, -N for death by signal N, or None while it runs."""
        return self._popen.poll()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def tail(self) -> str:
        """Return the end of the log, for an error's text."""
        return self.log()[-LOG_TAIL_CHARACTERS:]

    def until(self, ready: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Wait until it is ready.

        Raises RuntimeError when it ends instead, TimeoutError when it takes longer, both with
        the end of its log; it is killed then.
        """

        def is_ready() -> bool:
            if self.exit_code is not None:
                raise RuntimeError(f"{what}: it ended with {self.exit_code} instead")
            return ready()

        try:
            wait_until(is_ready, seconds=seconds, what=what)
        except BaseException as error:
            self.kill()
            error.add_note(self.tail())
            raise

    def signal(self, number: Signals) -> None:
        """Send a signal; SIGSTOP and SIGCONT freeze and thaw it."""
        self._popen.send_signal(number)

    def stop(self, number: Signals = SIGTERM, *, seconds: float = 10) -> int:
        """Ask it to end and return its exit code.

        Raises TimeoutError when it does not end in time; it is killed then.
        """
        self._popen.send_signal(number)
        try:
            code = self._popen.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError(
                f"{self._popen.args!r} did not end within {seconds * PATIENCE:g} s of "
                f"{number.name}\n{self.tail()}"
            ) from None
        self._bury()
        return code

    def until_ended(self, *, seconds: float) -> None:
        """Wait until it has ended by itself; raises RuntimeError, with its log, when it failed."""
        if code := self._popen.wait(seconds * PATIENCE):
            raise RuntimeError(f"{self._popen.args!r} ended with {code}:\n{self.tail()}")
        self._bury()

    def kill(self) -> None:
        """Kill it and the children it started, as a crash would."""
        if self._popen.poll() is None:
            os.killpg(self.pid, SIGKILL)
        self._bury()

    def _bury(self) -> None:
        self._popen.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, SIGKILL)  # children that outlived it
        reaper.forget(self.pid)


def as_user(user: struct_passwd | None) -> dict[str, Any]:
    """Return the options with which `subprocess` runs a program as another user."""
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def run_python(
    *arguments: str,
    env: Mapping[str, str],
    may_fail: bool = False,
    may_fork: bool = True,
    cwd: Path = environment.ROOT,
) -> subprocess.CompletedProcess[str]:
    """Run a Python program to its end, such as `manage.py migrate`.

    One that asks which modules there are may not fork: a fork has more. Raises RuntimeError, with
    what it complained of, when it fails and may not.
    """
    words = [sys.executable, *arguments]
    timeout = LONGEST_RUN_SECONDS * PATIENCE
    if may_fork and forked.is_possible(words, env, cwd):
        finished = forked.run(words, env=env, cwd=cwd, timeout=timeout)
    else:
        finished = subprocess.run(
            words,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    if finished.returncode and not may_fail:
        raise RuntimeError(
            f"{' '.join(arguments)} ended with {finished.returncode}:\n"
            f"{finished.stderr or finished.stdout}"
        )
    return finished
