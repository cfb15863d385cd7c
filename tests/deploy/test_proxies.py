"""A rolling restart behind the proxies of `deploy/proxies`: no client gets an error."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, STAFF, USERS, token_for
from tests.services import balancer, environment
from tests.services.balancer import HOST, KINDS, Balancer
from tests.services.environment import ROOT
from tests.services.ports import until
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = [pytest.mark.servers, pytest.mark.operation]

CLIENTS = 40  # of each proxy
PROBERS = 2
PAUSE_SECONDS = 0.005
# The documented settings for both proxies.
NODE = {
    "ALLOWED_HOSTS": HOST,
    "TRUSTED_PROXIES": "127.0.0.1",
    "BEHIND_TLS_PROXY": "1",
    "SECURE_SSL_REDIRECT": "1",
    "WS_DRAIN_DELAY_SECONDS": "3",
    "WS_DRAIN_SECONDS": "1",
    "WS_RECONNECT_AFTER_MS": "500",
    "WS_MAX_CONNECTIONS_PER_USER": "1000",
}
ASKED = (
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/api/v1/auth/me", 200),
    ("POST", "/api/ws-ticket", 200),
)


class Prober(threading.Thread):
    """Sends requests on one connection after the other, and counts what comes back."""

    def __init__(self, proxy: Balancer) -> None:
        super().__init__(name=proxy.kind, daemon=True)
        self._proxy = proxy
        self._context = proxy.context()
        self._token = token_for(STAFF)
        self.ended = threading.Event()
        self.right = 0
        self.wrong: Counter[tuple[str, object]] = Counter()

    def run(self) -> None:
        connection: http.client.HTTPSConnection | None = None
        headers = {"Host": HOST, "Authorization": f"Bearer {self._token}"}
        for number, (method, path, right) in enumerate(itertools.cycle(ASKED)):
            ended = self.ended.wait(PAUSE_SECONDS)
            if connection is not None and (ended or number % 50 == 0):
                connection.close()
                connection = None
            if ended:
                return
            connection = connection or http.client.HTTPSConnection(
                "127.0.0.1", self._proxy.port, timeout=20, context=self._context
            )
            found: object
            try:
                connection.request(method, path, headers=headers)
                answer = connection.getresponse()
                answer.read()
                found = answer.status
            except (OSError, http.client.HTTPException) as error:
                found = repr(error)
                connection.close()
            if found == right:
                self.right += 1
            else:
                self.wrong[f"{method} {path}", found] += 1


@contextmanager
def probing(proxies: Sequence[Balancer]) -> Iterator[list[Prober]]:
    probers = [Prober(proxy) for proxy in proxies for _ in range(PROBERS)]
    for each in probers:
        each.start()
    try:
        yield probers
    finally:
        for each in probers:
            each.ended.set()
        for each in probers:
            each.join()


class Device:
    """A client that comes back whenever it is closed, and remembers how that went."""

    def __init__(self, proxy: Balancer) -> None:
        self.kind = proxy.kind
        self._url = f"wss://{HOST}/ws/notifications?token={token_for(ALICE)}"
        self._to: dict[str, Any] = {"host": "127.0.0.1", "port": proxy.port}
        self._to["ssl"] = proxy.context()
        self.socket: ClientConnection | None = None
        self.codes: list[int] = []
        self.refused: list[object] = []
        self.logins = 0

    async def run(self) -> None:
        while True:
            try:
                async with connect(self._url, proxy=None, **self._to) as socket:
                    await socket.recv()
                    self.logins += 1
                    self.socket = socket
                    async for _ in socket:
                        pass
                    closed = socket.close_code
            except ConnectionClosed as error:
                closed = error.rcvd.code if error.rcvd else None
            except (OSError, InvalidStatus) as error:
                self.refused.append(repr(error))
                await asyncio.sleep(0.1)
                continue
            finally:
                self.socket = None
            self.codes.append(closed or 1006)


def takes(haproxy: Balancer, port: int) -> bool:
    """Say whether HAProxy has seen that a node is back, which it looks for each second."""
    states = re.findall(rf"nodes/node{port} is (UP|DOWN)", haproxy.log())
    return states[-1:] != ["DOWN"]


async def test_a_rolling_restart_fails_no_request_and_every_client_is_told(
    postgres: Postgres, redis: Redis
) -> None:
    env = environment.unlimited() | NODE
    env |= {"DATABASE_URL": postgres.migrated("proxies"), "REDIS_URL": redis.url}
    first = await asyncio.to_thread(Server, env=env, prepare=USERS)
    nodes = [first, await asyncio.to_thread(Server, env=env, migrate=False)]
    ports = [node.port for node in nodes]
    with Balancer("nginx", ports) as nginx, Balancer("haproxy", ports) as haproxy:
        proxies = (nginx, haproxy)
        devices = [Device(proxy) for proxy in proxies for _ in range(CLIENTS)]

        def are_all_in() -> bool:
            return all(each.socket is not None for each in devices)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.run()) for each in devices]
            await until(are_all_in, seconds=20)
            with probing(proxies) as probers:
                for node in nodes:
                    log = await asyncio.to_thread(node.stop)
                    assert "Traceback" not in log
                    await asyncio.to_thread(node.start)
                    await until(are_all_in, seconds=20)
                    await until(partial(takes, haproxy, node.port), seconds=20)
            for task in tasks:
                task.cancel()
        assert {each.name: each.wrong for each in probers if each.wrong} == {}
        assert all(each.right > 100 for each in probers)
    for node in nodes:
        await asyncio.to_thread(node.stop)
    for kind in KINDS:
        found = [each for each in devices if each.kind == kind]
        closed = Counter(code for each in found for code in each.codes)
        assert set(closed) == {CloseCode.RESTART}, (kind, closed)
        assert [each.refused for each in found if each.refused] == [], kind
        # Each was on one of the two, and some on both, one after the other.
        assert all(1 <= len(each.codes) <= 2 for each in found), kind


def test_the_page_shows_the_files():
    page = (ROOT / "docs" / "production.md").read_text()
    for kind, file in balancer.FILES.items():
        assert f"```{kind}\n{file.read_text()}```\n" in page, file
