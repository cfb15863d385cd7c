"""A command beside the server: it runs again when it ends, and ends with the server."""

from __future__ import annotations

import time

import pytest

from realtime.cluster import companion
from realtime.cluster.companion import Companion

SCRIPT = """
import os, sys, time
with open(sys.argv[0] + ".log", "a") as log:
    print(sys.argv[1], os.getpid(), file=log, flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    """What `manage.py` is to a server: a script that notes each start."""
    path = tmp_path / "manage.py"
    path.write_text(SCRIPT)
    monkeypatch.setattr("sys.argv", [str(path), "serve"])
    monkeypatch.setattr(companion, "AGAIN_SECONDS", 0.05)
    return path


def starts(script):
    log = script.with_suffix(".py.log")
    return log.read_text().splitlines() if log.exists() else []


def wait_until(found):
    give_up_at = time.monotonic() + 20
    while not found():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def test_it_ends_with_the_server(script):
    running = Companion("deliver", "60")
    running.start()
    wait_until(lambda: starts(script))
    running.stop()
    process = running._process
    assert process is not None and process.poll() == -15
    assert len(starts(script)) == 1
    assert starts(script)[0].startswith("deliver ")


def test_it_starts_again_after_it_has_ended(script):
    running = Companion("deliver", "0")
    running.start()
    wait_until(lambda: len(starts(script)) >= 2)
    running.stop()
