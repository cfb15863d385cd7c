"""Workers end with their parent, however it ends, and come and go at its signals."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, USERS, connect
from tests.realtime.cluster.test_listening import ENV, pids_of
from tests.services.environment import ROOT
from tests.services.ports import PATIENCE, until, wait_until
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = [pytest.mark.servers, pytest.mark.operation]


async def test_workers_of_a_parent_that_was_killed_drain_and_free_the_port(redis: Redis):
    with Server(env=ENV | {"REDIS_URL": redis.url}, workers=2, prepare=USERS) as server:
        pids = await asyncio.to_thread(pids_of, server)
        alice = await connect(server, ALICE)
        os.kill(server.pid, signal.SIGKILL)  # the parent alone
        assert await alice.until_closed() == CloseCode.RESTART
        await until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in pids), seconds=15)
        server.kill()  # nothing is left but to forget it
        await asyncio.to_thread(server.start)  # on the same port
        (await connect(server, ALICE)).drop()
        assert "Traceback" not in server.log()


def orphan(script: str, parent: int) -> int:
    """Run a process that ends with `parent`; return how it ended."""
    script = f"import signal, time\nfrom realtime.cluster import workers\n{script}\n"
    script += "time.sleep(60)"
    words = [sys.executable, "-c", script.format(parent=parent)]
    return subprocess.run(words, cwd=ROOT, timeout=30 * PATIENCE).returncode


def test_a_worker_whose_parent_ended_before_it_could_look_ends_too():
    assert orphan("workers.end_with({parent}, 30)", parent=1) == -signal.SIGTERM


def test_a_worker_that_hangs_ends_some_time_after_its_parent():
    hangs = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nworkers.end_with({parent}, 0.2)"
    assert orphan(hangs, parent=1) == 1


def test_a_worker_stays_while_its_parent_does():
    script = "workers.LOOK_SECONDS = 0.01\nworkers.end_with({parent}, 30)\ntime.sleep(0.2)\nexit(7)"
    assert orphan(script, parent=os.getpid()) == 7


def test_signals_add_take_away_and_replace_workers(redis: Redis):
    with Server(env=ENV | {"REDIS_URL": redis.url}, workers=2, prepare=USERS) as server:
        first = pids_of(server)

        def told(number: signal.Signals, count: int) -> list[int]:
            os.kill(server.pid, number)
            server.workers = count
            return pids_of(server)

        assert set(first) < set(told(signal.SIGTTIN, 3))
        assert set(told(signal.SIGTTOU, 2)) == set(first)
        # Nobody waits at a socket that the one that was taken away has left.
        assert {server.request("GET", "/healthz").status for _ in range(40)} == {200}
        os.kill(server.pid, signal.SIGHUP)
        wait_until(
            lambda: not set(first) & set(pids_of(server)), seconds=30, what="all are replaced"
        )
        assert {server.request("GET", "/healthz").status for _ in range(40)} == {200}
