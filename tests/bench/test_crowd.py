"""A crowd comes back, and a run that cannot hold it says why."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.opening import Entry, Plan
from bench.peers.hoardrun import GREETED, PATH
from tests.services import environment
from tests.services.driven import Driven
from tests.services.process import run_python
from tests.services.server import Server

SOCKETS, MISSED = 20, 5


@pytest.mark.servers
def test_all_come_back_after_a_kill_and_have_each_message_once(tmp_path: Path) -> None:
    with ExitStack() as ending:
        server = ending.enter_context(Server(env=environment.unlimited()))
        ran = run_python("-m", "bench.peers.users", f"{SOCKETS}", env=server.env)
        publisher = ending.enter_context(
            Driven("bench.peers.hoardrun_publisher", log=tmp_path / "publisher", env=server.env)
        )
        crowd = ending.enter_context(Driven("bench.crowd", log=tmp_path / "crowd"))
        entry = Entry(
            server.port, [PATH], ran.stdout.split(), [GREETED], 5, ["127.0.1.1", "127.0.1.2"]
        )
        crowd.ask("open", **asdict(Plan(**vars(entry), sockets=SOCKETS, stuck=0, patience=60)))
        crowd.ask("begin", base=0)
        since = time.monotonic()
        server.kill()
        publisher.ask("publish", kind="announcement", count=MISSED, rate=None)
        server.start()
        found = crowd.ask("back", count=MISSED, since=since, patience=60)
        wrong = ("absent", "missing", "doubled", "reordered")
        assert {kind: found[kind] for kind in wrong} == dict.fromkeys(wrong, 0)
        assert found["lost"] == SOCKETS
        assert 0 < found["connected"] <= found["seconds"]
        crowd.ask("close")


def test_a_run_says_which_limit_stops_it() -> None:
    command = 'ulimit -Sn 500; ulimit -Hn 500; exec "$0" -m bench crowd --sockets 900 --workers 2'
    ran = subprocess.run(
        ["sh", "-c", command, sys.executable], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    says = "900 sockets are more than 2 process(es) can hold: each may open 500 files (ulimit -Hn)"
    assert says in ran.stdout
