"""End what a test run started, however the run itself ends.

One small process a run (this file, run as a script) holds the read end of a pipe.
The run writes a line for every child and folder it makes. When the pipe closes,
because the run is over, was interrupted or was killed with SIGKILL, the reaper
ends the children and removes the folders. It works from any thread and for
children of another user, which PR_SET_PDEATHSIG does not.

Imports the standard library only: it runs without site-packages.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # a file system in memory, where the machine has one
SHARED_MEMORY_BYTES = 1 << 30  # needed to put PostgreSQL there: containers often have 64 MB
GRACE_SECONDS = 5.0


@functools.cache
def _reaper() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__],
        stdin=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C in the terminal is for the run alone
    )


def _tell(*words: object) -> None:
    pipe = _reaper().stdin
    assert pipe is not None
    with contextlib.suppress(BrokenPipeError):
        pipe.write(" ".join(map(str, words)) + "\n")
        pipe.flush()


def watch(pid: int, farewell: signal.Signals) -> None:
    """Have process group `pid` sent `farewell` when the run ends."""
    _tell("watch", pid, int(farewell))


def forget(pid: int) -> None:
    """Leave `pid` alone from now on: it has ended and its number may be reused."""
    _tell("forget", pid)


def folder(*, executable: bool = False) -> Path:
    """Make a folder that is deleted with the run, in memory where there is room.

    Others may pass through it, so that PostgreSQL can run as another user. Set
    `executable` to run programs in it: shared memory is often mounted noexec.
    """
    roomy = SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free > SHARED_MEMORY_BYTES
    base = SHARED_MEMORY if roomy and not executable else None
    path = Path(tempfile.mkdtemp(prefix="hoardrun-test-", dir=base))
    path.chmod(0o711)
    _tell("remove", path)
    return path


@functools.cache
def workspace() -> Path:
    """Return the one folder of this run for databases, sockets and logs."""
    return folder()


def close() -> None:
    """End all processes that are left, now, and wait until they are gone."""
    if _reaper.cache_info().currsize:
        _reaper().communicate()
        _reaper.cache_clear()
        workspace.cache_clear()


def _gone(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _main() -> None:
    children: dict[int, int] = {}
    folders: list[str] = []
    for line in sys.stdin:
        verb, rest = line.rstrip("\n").split(" ", 1)
        if verb == "watch":
            pid, number = rest.split()
            children[int(pid)] = int(number)
        elif verb == "forget":
            children.pop(int(rest), None)
        else:
            folders.append(rest)
    for pid, number in children.items():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and not all(map(_gone, children)):
        time.sleep(0.02)
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    for path in folders:
        shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    _main()
