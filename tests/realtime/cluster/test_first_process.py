"""Process 1 of a container: it reaps orphans, passes signals on, and ends as its child ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import environment
from tests.services.ports import free_port, wait_until
from tests.services.server import Server
from tests.services.web import request

# A container's process 1 with a /proc of its own; a user that is not root maps itself to root.
CONTAINER = ["unshare", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"]
ORPHAN = """
import contextlib, os, pathlib, time
from realtime.cluster.first_process import step_down
step_down()
assert os.getpid() != 1
for _ in range(5):
    if os.fork() == 0:
        if os.fork() == 0:
            os._exit(0)  # its parent has ended, or is about to
        os._exit(0)
    os.wait()
def dead():
    found = []
    for each in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):  # it has ended
            if each.name.isdigit() and ") Z " in (each / "stat").read_text():
                found.append(each)
    return found
until = time.monotonic() + 20
while dead() and time.monotonic() < until:
    time.sleep(0.01)
print(len(dead()), flush=True)
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    command = [*CONTAINER, sys.executable, "-c", script]
    return subprocess.run(
        command, cwd=environment.ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_orphans_are_reaped() -> None:
    done = run(ORPHAN)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


@pytest.mark.parametrize(
    ("end", "code"), [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_it_ends_as_its_child_ends(end: str, code: int) -> None:
    script = f"from realtime.cluster.first_process import step_down; step_down(); {end}"
    assert run(script).returncode == code


def test_what_is_not_process_1_stays_what_it_is() -> None:
    script = "import os; before = os.getpid(); {}; print(os.getpid() == before)".format(
        "from realtime.cluster.first_process import step_down; step_down()"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=environment.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.servers
def test_a_server_as_process_1_serves_drains_at_sigterm_and_leaves_nothing() -> None:
    with Server() as other:  # whose database it takes
        port = free_port()
        words = ["manage.py", "serve", "--port", str(port)]
        with contained(*words, env=other.env) as (process, first):
            url = f"http://127.0.0.1:{port}/healthz"
            wait_until(lambda: answers(url), seconds=30, what="it serves")
            os.kill(first, signal.SIGTERM)
            out, _ = process.communicate(timeout=30)
    assert process.returncode == 0, out
    assert "hoardrun has stopped." in out


def answers(url: str) -> bool:
    with contextlib.suppress(OSError):
        return request("GET", url).status == 200
    return False


@contextlib.contextmanager
def contained(*words: str, env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run it as process 1; yield the process that waits for it, and its number outside."""
    process = subprocess.Popen(
        [*CONTAINER, sys.executable, *words],
        cwd=environment.ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        wait_until(lambda: bool(children.read_text().split()), seconds=10, what="it has begun")
        yield process, int(children.read_text().split()[0])
    finally:
        process.kill()
        process.wait()
