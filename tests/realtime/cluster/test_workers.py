"""Workers end with their parent, however it ends, and come and go at its signals."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Self

import pytest
import uvicorn

from realtime.cluster.workers import Worker
from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, BOB, USERS, connect, token_for
from tests.realtime.cluster.slow_server import slowly_made
from tests.realtime.cluster.test_listening import ENV, pids_of
from tests.services.environment import ROOT
from tests.services.handshake import offer
from tests.services.ports import PATIENCE, free_ports, until, wait_until
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = [pytest.mark.servers, pytest.mark.operation]


async def test_workers_of_a_parent_that_was_killed_drain_and_free_the_port(redis: Redis):
    with Server(env=ENV | {"REDIS_URL": redis.url}, workers=2, prepare=USERS) as server:
        pids = await asyncio.to_thread(pids_of, server)
        alice = await connect(server, ALICE)
        os.kill(server.pid, signal.SIGKILL)  # the parent alone
        assert await alice.until_closed() == CloseCode.RESTART
        await until(lambda: all(map(is_gone, pids)), seconds=15)
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


def test_a_worker_that_is_asked_while_it_starts_answers_of_the_server_that_it_runs():
    worker = Worker(uvicorn.Config("nothing"), [], slowly_made, 0)
    worker.start()
    try:
        worker.parent_conn.send(b"ping")  # before it can answer
        wait_until(lambda: worker.is_ready(0.1), seconds=10, what="it is ready")
    finally:
        worker.kill()
        worker.process.join()


def test_signals_add_take_away_and_replace_workers(redis: Redis):
    with Server(env=ENV | {"REDIS_URL": redis.url}, workers=2, prepare=USERS) as server:
        first = pids_of(server)

        def told(number: signal.Signals, count: int) -> list[int]:
            os.kill(server.pid, number)
            server.workers = count
            return pids_of(server)

        assert set(first) < set(told(signal.SIGTTIN, 3))
        assert set(told(signal.SIGTTOU, 2)) == set(first)
        # No connection waits at the socket of the worker that was taken away.
        assert {server.request("GET", "/healthz").status for _ in range(40)} == {200}
        os.kill(server.pid, signal.SIGHUP)
        wait_until(
            lambda: not set(first) & set(pids_of(server)), seconds=30, what="all are replaced"
        )
        assert {server.request("GET", "/healthz").status for _ in range(40)} == {200}


# Where `struct tcp_info` counts the segments that were sent more than once.
RETRANSMITTED = struct.Struct("=100xI")


class Callers:
    """Clients that connect to a server again and again, for probes and for sockets."""

    def __init__(self, server: Server) -> None:
        self.found: Counter[str] = Counter()
        self.again = 0  # segments that had to be sent twice, such as a SYN without an answer
        self._server = server
        self._over = threading.Event()
        self._token = token_for(BOB)
        asks = (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", self._handshake())
        self._threads = [threading.Thread(target=self._call, args=(ask,)) for ask in asks * 2]

    def _handshake(self) -> bytes:
        return offer(self._server.port, headers=[("Authorization", f"Bearer {self._token}")])

    def _call(self, ask: bytes) -> None:
        while not self._over.is_set():
            try:
                with socket.create_connection(("127.0.0.1", self._server.port), 20) as client:
                    client.sendall(ask)
                    line = client.recv(4096).partition(b"\r\n")[0].decode()
                    said = client.getsockopt(
                        socket.IPPROTO_TCP, socket.TCP_INFO, RETRANSMITTED.size
                    )
                    self.again += RETRANSMITTED.unpack(said)[0]
            except OSError as error:
                line = repr(error)
            self.found[line] += 1

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


MANY = {
    "WS_MAX_CONNECTIONS_PER_USER": "1000",
    "WS_MAX_LOGINS_PER_SECOND_PER_USER": "10000",
    "WS_DRAIN_DELAY_SECONDS": "1",
    "WS_DRAIN_SECONDS": "1",
}


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}/exe").exists()


async def test_a_reload_and_a_worker_less_refuse_no_connection_under_load(redis: Redis):
    env = ENV | MANY | {"REDIS_URL": redis.url, "METRICS_PORT": str(free_ports(2))}
    with Server(env=env, workers=2, prepare=USERS) as server:
        first = await asyncio.to_thread(pids_of, server)
        alice = [await connect(server, ALICE) for _ in range(10)]
        with Callers(server) as callers:
            os.kill(server.pid, signal.SIGHUP)
            codes = [await client.until_closed(timeout=60) for client in alice]
            assert set(codes) == {CloseCode.RESTART}
            await until(lambda: all(map(is_gone, first)), seconds=30)
            twice = callers.again
            second = await asyncio.to_thread(pids_of, server)
            os.kill(server.pid, signal.SIGTTOU)
            await until(lambda: any(map(is_gone, second)), seconds=30)
        assert twice == 0
        assert set(callers.found) == {"HTTP/1.1 200 OK", "HTTP/1.1 101 Switching Protocols"}
        assert "Traceback" not in server.log()
        # Each finds the port of its metrics in use while the one before it drains.
        assert "metrics are not served" not in server.log()
        assert server.log().count("metrics at http") >= 3


def test_a_worker_whose_event_loop_hangs_is_replaced(redis: Redis):
    own = "tests.realtime.cluster.hanging"
    env = {"REDIS_URL": redis.url, "DJANGO_SETTINGS_MODULE": own}
    with Server(env=ENV | env, workers=2, prepare=USERS) as server:
        hung, other = pids_of(server)
        os.kill(hung, signal.SIGWINCH)

        def is_replaced() -> bool:
            try:
                return hung not in pids_of(server)
            except OSError:  # the one that hangs was asked, and killed
                return False

        wait_until(is_replaced, seconds=60, what="it is replaced")
        assert other in pids_of(server)
        assert f"Worker [{hung}] does not answer: killing it." in server.log()
