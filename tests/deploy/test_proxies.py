"""Two nodes behind the proxies of `deploy/proxies`: rolled, reloaded, left alone and killed."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, STAFF, USERS, token_for
from tests.services import balancer, environment
from tests.services.balancer import ALL_KINDS, HOST, KINDS, Balancer, Kind
from tests.services.environment import ROOT
from tests.services.ports import until
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = [pytest.mark.servers, pytest.mark.operation]

CLIENTS = 40  # of each proxy
PROBERS = 2
PAUSE_SECONDS = 0.005
LIMIT_SECONDS = 6  # of a proxy, for a connection on which nothing comes
ANOTHER, FORGED = "127.0.0.2", "203.0.113.9"
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

    def __init__(self, proxy: Balancer, requests: int = 50) -> None:
        super().__init__(name=proxy.kind, daemon=True)
        self._requests = requests  # on one connection
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
            if connection is not None and (ended or number % self._requests == 0):
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
def probing(proxies: Sequence[Balancer], requests: int = 50) -> Iterator[list[Prober]]:
    probers = [Prober(proxy, requests) for proxy in proxies for _ in range(PROBERS)]
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

    def opened(self) -> connect:
        """Return a connection that is opened when it is entered."""
        return connect(self._url, proxy=None, **self._to)

    async def run(self) -> None:
        while True:
            try:
                async with self.opened() as socket:
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
    with ExitStack() as stack:
        proxies = [stack.enter_context(Balancer(kind, ports)) for kind in ALL_KINDS]
        devices = [Device(proxy) for proxy in proxies for _ in range(CLIENTS)]

        def are_all_in() -> bool:
            return all(each.socket is not None for each in devices)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.run()) for each in devices]
            await until(are_all_in, seconds=20)
            # Caddy cannot ask the other node where one answers 503.
            strict = [proxy for proxy in proxies if proxy.kind in KINDS]
            with probing(strict) as probers:
                for node in nodes:
                    log = await asyncio.to_thread(node.stop)
                    assert "Traceback" not in log
                    await asyncio.to_thread(node.start)
                    await until(are_all_in, seconds=20)
                    await until(partial(takes, proxies[1], node.port), seconds=30)
            for task in tasks:
                task.cancel()
        assert {each.name: each.wrong for each in probers if each.wrong} == {}
        assert all(each.right > 100 for each in probers)
    for node in nodes:
        await asyncio.to_thread(node.stop)
    for kind in ALL_KINDS:
        found = [each for each in devices if each.kind == kind]
        closed = Counter(code for each in found for code in each.codes)
        assert set(closed) == {CloseCode.RESTART}, (kind, closed)
        if kind in KINDS:
            assert [each.refused for each in found if each.refused] == [], kind
        # Each was on one of the two, and some on both, one after the other.
        assert all(1 <= len(each.codes) <= 2 for each in found), kind


@pytest.mark.operated(number=26)
async def test_idle_sockets_and_those_of_a_reload_live_and_a_node_may_die(
    postgres: Postgres, redis: Redis
) -> None:
    env = environment.unlimited() | NODE | {"WS_HEARTBEAT_SECONDS": "2"}
    env |= {"DATABASE_URL": postgres.migrated("proxies"), "REDIS_URL": redis.url}
    first = await asyncio.to_thread(Server, env=env, prepare=USERS)
    nodes = [first, await asyncio.to_thread(Server, env=env, migrate=False)]
    with ExitStack() as stack:
        proxies = [
            stack.enter_context(Balancer(kind, [node.port for node in nodes], idle=LIMIT_SECONDS))
            for kind in ALL_KINDS
        ]
        devices = [Device(proxy) for proxy in proxies for _ in range(CLIENTS // 2)]

        def codes(kind: Kind) -> set[int]:
            """Return those that no node sent because this process was slow to answer a ping."""
            found = {code for each in devices if each.kind == kind for code in each.codes}
            return found - {CloseCode.TIMEOUT}

        def are_all_in() -> bool:
            return all(each.socket is not None for each in devices)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.run()) for each in devices]
            await until(are_all_in, seconds=30)
            for proxy in proxies:
                for code in (CloseCode.TOO_LARGE, CloseCode.BINARY, CloseCode.INVALID_TEXT):
                    assert await closed_by(proxy, code) == code, proxy.kind
            await asyncio.to_thread(ask_as_another, proxies)
            await asyncio.sleep(3 * LIMIT_SECONDS)
            assert {kind: codes(kind) for kind in ALL_KINDS} == dict.fromkeys(ALL_KINDS, set())
            with probing(proxies, requests=1) as probers:
                for proxy in proxies:
                    await asyncio.to_thread(proxy.reload)
                # What it does while it reloads is over once that many more requests were served.
                before = [each.right for each in probers]
                await until(
                    lambda: all(
                        each.right > past + 20 for each, past in zip(probers, before, strict=True)
                    ),
                    seconds=30,
                )
            # Debian's Caddy, 2.6, knows no stream_close_delay; on a busy machine it only hangs up.
            assert codes("nginx") == codes("haproxy") == set()
            assert codes("caddy") <= {1001, 1006}
            await until(are_all_in, seconds=30)
            first.kill()
            await until(lambda: all(codes(kind) for kind in ALL_KINDS), seconds=30)
            await until(are_all_in, seconds=30)
            for task in tasks:
                task.cancel()
        log = "".join(node.log() for node in nodes)
        assert FORGED not in log
        asked = [line for line in log.splitlines() if ANOTHER in line and "/auth/me" in line]
        assert len(asked) >= len(proxies)
    await asyncio.to_thread(nodes[1].stop)


async def closed_by(proxy: Balancer, code: CloseCode) -> int:
    """Give a node behind a proxy a reason to close; return the code that arrives."""
    device = Device(proxy)
    reasons: dict[CloseCode, str | bytes] = {CloseCode.TOO_LARGE: "x" * 70_000}
    async with device.opened() as socket:
        await socket.recv()
        if code is CloseCode.INVALID_TEXT:
            await socket.send(b"\xff", text=True)
        else:
            await socket.send(reasons.get(code, b"x"))
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    return socket.close_code or 1006


def ask_as_another(proxies: Sequence[Balancer]) -> None:
    """Ask from another address of this machine, and claim to be a third."""
    for proxy in proxies:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", proxy.port, timeout=20, context=proxy.context(),
            source_address=(ANOTHER, 0),
        )  # fmt: skip
        claims = {"X-Forwarded-For": FORGED, "Forwarded": f"for={FORGED}", "X-Real-IP": FORGED}
        connection.request("GET", "/api/v1/auth/me", headers={"Host": HOST} | claims)
        assert connection.getresponse().status == 401
        connection.close()


def test_the_page_shows_the_files():
    page = (ROOT / "docs" / "production.md").read_text()
    for kind, file in balancer.FILES.items():
        assert f"```{kind}\n{file.read_text()}```\n" in page, file
