"""Connections are shared out among the workers, and wait for one that takes another's place."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from math import comb
from pathlib import Path

import pytest

from realtime.cluster import listening, serve
from tests.nodes import ALICE, USERS, connect, reported
from tests.services import environment
from tests.services.handshake import shake
from tests.services.ports import wait_until
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = pytest.mark.servers

WORKERS = 4
SOCKETS = 2000
RATIO = 1.2  # of the busiest worker to the mean
SLOWLY_SECONDS = 0.001  # enough for every worker to wait again
# Silent connections must outlive the test, and readings may be frequent.
ENV = environment.unlimited() | {"DEBUG": "1", "HTTP_HEADER_SECONDS": "300"}


def chance_of(most: int, sockets: int, workers: int) -> float:
    """Return an upper bound of the chance that some worker gets more, where each is as likely."""
    more = range(most + 1, sockets + 1)
    ways = sum(comb(sockets, count) * (workers - 1) ** (sockets - count) for count in more)
    return float(workers * ways / workers**sockets)


def pids_of(server: Server) -> list[int]:
    """Wait until all workers report; return their processes."""

    def reporting() -> list[int]:
        return [node["pid"] for node in reported(server)["nodes"]]

    wait_until(lambda: len(reporting()) == server.workers, seconds=20, what="all workers report")
    return reporting()


def held(pids: list[int], port: int) -> list[int]:
    """Count the connections to `port` that each process has accepted."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    local = f":{port:04X}"
    established = {f"socket:[{fields[9]}]" for fields in lines if fields[1].endswith(local)
                   and fields[3] == "01"}  # fmt: skip
    return [sum(link in established for link in _links(pid)) for pid in pids]


def _links(pid: int) -> Iterator[str]:
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            yield str(file.readlink())
        except FileNotFoundError:  # closed meanwhile
            continue


@pytest.mark.operated(number=5)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shares out among sockets")
def test_sockets_are_spread_evenly_in_a_storm_and_slowly(redis: Redis):
    assert chance_of(int(SOCKETS / WORKERS * RATIO), SOCKETS, WORKERS) < 1e-6
    with Server(env=ENV | {"REDIS_URL": redis.url}, workers=WORKERS, prepare=USERS) as server:
        pids = pids_of(server)
        for pause in (0.0, SLOWLY_SECONDS):
            with ExitStack() as opened:
                before = held(pids, server.port)
                for _ in range(SOCKETS):
                    opened.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                    time.sleep(pause)

                def found(before: list[int] = before) -> list[int]:
                    pairs = zip(held(pids, server.port), before, strict=True)
                    return [now - then for now, then in pairs]

                wait_until(lambda: sum(found()) >= SOCKETS, seconds=20, what="all are accepted")
                assert max(found()) <= SOCKETS / WORKERS * RATIO, found()


def test_what_connects_to_a_worker_that_has_died_waits_for_the_next(redis: Redis):
    with Server(env=ENV | {"REDIS_URL": redis.url}, workers=2, prepare=USERS) as server:
        os.kill(pids_of(server)[0], signal.SIGKILL)
        request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        with ExitStack() as opened:
            clients = [
                opened.enter_context(socket.create_connection(("127.0.0.1", server.port), 20))
                for _ in range(40)
            ]
            for client in clients:
                client.sendall(request)
            assert all(client.recv(12) == b"HTTP/1.1 200" for client in clients)


async def test_while_one_worker_drains_all_who_come_are_told(redis: Redis):
    env = ENV | {"REDIS_URL": redis.url}
    with Server(env=env, workers=2, prepare=USERS) as server:
        pids = await asyncio.to_thread(pids_of, server)
        deaf = await connect(server, ALICE)
        deaf.connection.transport.pause_reading()  # its worker waits for its goodbye
        stopping = asyncio.create_task(asyncio.to_thread(server.stop))
        await asyncio.to_thread(
            wait_until,
            lambda: sum(Path(f"/proc/{pid}/exe").exists() for pid in pids) == 1,
            seconds=10,
            what="one has ended",
        )
        assert not stopping.done()
        for _ in range(20):
            status, headers, _ = await shake(server.port)
            assert (status, "retry-after" in headers) == (503, True)
        deaf.drop()
        await stopping


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it does nothing")
def test_a_port_that_closes_takes_who_has_come_and_nobody_new():
    config = serve.config(host="127.0.0.1", port=0, app="none")
    listeners = listening.Listeners(config)
    [door] = listeners.sockets
    with closing(socket.create_connection(("127.0.0.1", listeners.port))) as early:
        listening.admit_no_more(door)
        with pytest.raises(TimeoutError):
            socket.create_connection(("127.0.0.1", listeners.port), timeout=0.2)
        early.sendall(b"x")
        with closing(door.accept()[0]) as accepted:
            assert accepted.recv(1) == b"x"
    listening.admit_again(door)
    listening.admit_again(door)  # no harm
    socket.create_connection(("127.0.0.1", listeners.port), timeout=5).close()
    listeners.close()


def test_only_one_server_gets_a_port_and_workers_come_and_go():
    config = serve.config(host="127.0.0.1", port=0, app="none", workers=2)
    listeners = listening.Listeners(config)
    again = serve.config(host="127.0.0.1", port=listeners.port, app="none", workers=2)
    with pytest.raises(OSError, match="in use"):
        listening.Listeners(again)
    assert {each.getsockname()[1] for each in listeners.sockets} == {listeners.port}
    listeners.remove()
    listeners.add()
    with closing(socket.create_connection(("127.0.0.1", listeners.port))):
        listeners.close()
    listening.Listeners(again).close()


def test_the_kernel_drops_clients_that_read_nothing() -> None:
    for workers in (1, 2):
        config = serve.config(host="127.0.0.1", port=0, app="none", workers=workers)
        listeners = listening.Listeners(config)
        for each in listeners.sockets:
            patience = each.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            assert patience == 40_000  # milliseconds: twice WS_STUCK_AFTER_SECONDS
            unsent = each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)
            assert unsent == listening.UNSENT_BYTES
        listeners.close()
