"""A node that stops closes its sockets in order, and loses no event."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, BOB, STAFF, connect, node, push_balance, reported, token_for
from tests.services import metrics
from tests.services.client import Client
from tests.services.handshake import shake
from tests.services.ports import PATIENCE, free_port, until
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = [pytest.mark.servers, pytest.mark.operation]

SOCKETS = 200


async def leave(client: Client, codes: set[int], hints: list[int]) -> None:
    try:
        while True:
            message = await client.receive(timeout=30)
            if message["type"] == "server_shutdown":
                hints.append(message["data"]["reconnect_after_ms"])
    except ConnectionClosed as closed:
        assert closed.rcvd is not None, "reset instead of closed"
        codes.add(closed.rcvd.code)


@pytest.mark.operated(number=18)
@pytest.mark.operated(number=27)
async def test_sockets_are_closed_over_the_window_and_none_is_reset() -> None:
    with node(
        DEBUG="1",
        WS_DRAIN_SECONDS="6",
        WS_MAX_CONNECTIONS_PER_USER="1000",
        WS_MAX_LOGINS_PER_SECOND_PER_USER="1000",
        WS_RECONNECT_AFTER_MS="4000",
    ) as server:
        clients = [await connect(server, ALICE) for _ in range(SOCKETS)]
        codes: set[int] = set()
        hints: list[int] = []
        leaving = [asyncio.create_task(leave(client, codes, hints)) for client in clients]
        stopping = asyncio.create_task(asyncio.to_thread(server.stop, seconds=30))
        await asyncio.gather(*leaving)
        log = await stopping
        assert codes == {CloseCode.RESTART}
        assert len(hints) == SOCKETS
        assert all(0 < hint <= 4000 for hint in hints)
        # When each was sent away, by the server's log: evenly over the window.
        sent = [
            float(found)
            for found in re.findall(r"(?m)^\S+ \d+:\d+:(\S+) .* code=1012", log.replace(",", "."))
        ]
        sent = [at + 60 if at < sent[0] else at for at in sent]
        tenths = Counter(int((at - sent[0]) / 0.6) for at in sent)
        assert len(sent) == SOCKETS
        assert sent[-1] - sent[0] > 3
        assert max(tenths.values()) <= SOCKETS * 0.5, tenths
        quarters = Counter(hint // 1001 for hint in hints)
        assert min(quarters[n] for n in range(4)) > SOCKETS / 4 / 3, quarters
        assert "Traceback" not in log


async def test_a_draining_node_is_not_ready_and_admits_no_socket() -> None:
    private, delay = free_port(), "5"  # for all that is asked meanwhile
    with node(DEBUG="1", WS_DRAIN_DELAY_SECONDS=delay, METRICS_PORT=str(private)) as server:
        alice = await connect(server, ALICE)
        stopping = asyncio.create_task(asyncio.to_thread(server.stop, seconds=30))
        async with asyncio.timeout(20 * PATIENCE):
            while (await asyncio.to_thread(server.request, "GET", "/readyz")).status == 200:
                await asyncio.sleep(0.02)
        answer = await asyncio.to_thread(server.request, "GET", "/readyz")
        assert (answer.status, answer.json()["status"]) == (503, "draining")
        asked = await asyncio.to_thread(metrics.get, private, path="/readyz")
        assert (asked.status, asked.json()) == (503, answer.json())
        assert (await asyncio.to_thread(server.request, "GET", "/healthz")).status == 200
        bearer = [("Authorization", f"Bearer {token_for(BOB)}")]
        status, headers, _ = await shake(server.port, headers=bearer)
        assert (status, "retry-after" in headers) == (503, True)
        # An open socket still gets events about money.
        await asyncio.to_thread(push_balance, server, ALICE, 17)
        assert (await alice.receive("balance_update"))["data"]["available_balance"] == "17"
        assert await alice.until_closed(timeout=30) == CloseCode.RESTART
        await stopping


async def test_a_client_that_never_answers_delays_no_other() -> None:
    with node(DEBUG="1") as server:
        deaf = await connect(server, BOB)
        deaf.connection.transport.pause_reading()
        alice = await connect(server, ALICE)
        stopping = asyncio.create_task(asyncio.to_thread(server.stop))
        assert await alice.until_closed() == CloseCode.RESTART
        log = await stopping  # within the ten seconds that `stop` waits
        assert "hoardrun has stopped" in log
        deaf.drop()


async def test_an_old_connection_is_closed_to_find_another_node() -> None:
    with node(WS_MAX_LIFETIME_SECONDS="2") as server:
        began = time.monotonic()
        clients = [await connect(server, user) for user in (ALICE, BOB, STAFF)]
        for client in clients:
            await client.receive("server_shutdown", timeout=10)
            assert await client.until_closed() == CloseCode.RESTART
        assert time.monotonic() - began >= 1.4  # three quarters of the greatest age, at least
        again = await connect(server, ALICE)
        await again.close()


# -- three nodes, one restarted after the other

USERS_COUNT = 60
_MANY = """
from django.contrib.auth import get_user_model
get_user_model().objects.bulk_create(
    get_user_model()(id=n, username=f"user-{n}", is_staff=n == 1, is_superuser=n == 1)
    for n in range(1, COUNT + 1))
"""
_PUBLISH = """
import json, select, sys
from realtime import log
from hoardrun.ledger.messages import BalanceUpdate
from realtime.publish import publish_many
print("ready", flush=True)
names = [f"user:{n}" for n in range(1, COUNT + 1)]
while not select.select([sys.stdin], [], [], 0.1)[0]:
    publish_many([(name, BalanceUpdate(account_id="1", currency="UGX",
        available_balance="1", current_balance="1")) for name in names])
print(json.dumps({name: head.head for name, head in log.heads(names).items()}))
"""


class Wanderer:
    """A client as a careful one is: it comes back when told to, and resumes.

    A balancer sends it to the node with the fewest connections, as most can.
    """

    def __init__(self, user_id: int, nodes: list[Server], where: Counter[int]) -> None:
        self.user_id = user_id
        self.stream = f"user:{user_id}"
        self.offsets: list[int] = []
        self.begins_after = 0
        self.came_back: list[tuple[int, float]] = []  # from which node, and when it was to
        self.is_in = False
        self._nodes = nodes
        self._where = where
        self._epoch = ""

    @property
    def at(self) -> int:
        """Its position in its stream."""
        return self.offsets[-1] if self.offsets else self.begins_after

    async def run(self, done: asyncio.Event) -> None:
        down = -1
        while not done.is_set():
            up = [number for number in range(len(self._nodes)) if number != down]
            number = min(up, key=lambda number: (self._where[number], random.random()))
            self._where[number] += 1
            try:
                async with await self._connect(self._nodes[number]) as client:
                    self.is_in = True
                    hint = await self._read(client, done)
            except (OSError, InvalidStatus):  # that one is not ready: another
                down = number
                continue
            except ConnectionClosed as closed:  # it began to drain before the greeting
                assert closed.rcvd is not None and closed.rcvd.code == CloseCode.RESTART
                down = number
                continue
            finally:
                self.is_in = False
                self._where[number] -= 1
            down = number
            if done.is_set():
                return
            # As it was told to: a machine that pauses lets many come back at once.
            self.came_back.append((number, time.monotonic() + hint / 1000))
            await asyncio.sleep(hint / 1000)

    async def _connect(self, server: Server) -> Client:
        resume = {}
        if self._epoch:
            resume = {"since": f"{self.stream}:{self.at}", "epoch": self._epoch}
        client = await connect(server, self.user_id, **resume)
        if not self._epoch:
            self._epoch = client.greeting["epoch"]
            self.begins_after = client.greeting["positions"][self.stream]["offset"]
        return client

    async def _read(self, client: Client, done: asyncio.Event) -> int:
        hint = 0
        found: Any = None
        while not done.is_set() or found is not None:  # and what is on its way at the end
            found = await client.until_next(1.0)
            if isinstance(found, int):
                assert found == CloseCode.RESTART
                return hint
            if found is not None and found["type"] == "server_shutdown":
                hint = found["data"]["reconnect_after_ms"]
            elif found is not None and found["type"] == "balance_update":
                self.offsets.append(found["offset"])
        return hint


@pytest.mark.operated(number=21)
async def test_a_rolling_restart_loses_no_event_and_spreads_the_returns(
    postgres: Postgres, redis: Redis
) -> None:
    env = {
        "DATABASE_URL": postgres.migrated("rolling"),
        "REDIS_URL": redis.url,
        "WS_DRAIN_SECONDS": "1",
        "WS_RECONNECT_AFTER_MS": "2000",
        "WS_MAX_LIFETIME_SECONDS": "8",  # by which a node that came back gets its share
    }
    many = f"COUNT = {USERS_COUNT}\n{_MANY}"
    nodes = [Server(env=env, prepare=many), *(Server(env=env, migrate=False) for _ in range(2))]
    where: Counter[int] = Counter()
    wanderers = [Wanderer(number, nodes, where) for number in range(1, USERS_COUNT + 1)]
    done = asyncio.Event()
    began = []
    async with asyncio.TaskGroup() as running:  # where one fails, all end
        for wanderer in wanderers:
            running.create_task(wanderer.run(done))
        with nodes[0].running_script(f"COUNT = {USERS_COUNT}\n{_PUBLISH}") as publisher:
            for number in range(3):
                await until(
                    lambda: sum(each.is_in for each in wanderers) > USERS_COUNT * 0.75, seconds=20
                )
                began.append(time.monotonic())
                log = await asyncio.to_thread(nodes[number].stop)
                assert "Traceback" not in log
                nodes[number] = await asyncio.to_thread(Server, env=env, migrate=False)
            await until_even(nodes[0])
            output, _ = await asyncio.to_thread(publisher.communicate, "enough\n")
        heads = json.loads(output)
        with suppress(TimeoutError):  # those who miss something are named below
            await until(
                lambda: all(each.at == heads[each.stream] for each in wanderers), seconds=20
            )
        done.set()
    for server in nodes:
        await asyncio.to_thread(server.stop)
    for wanderer in wanderers:
        assert wanderer.offsets == list(
            range(wanderer.begins_after + 1, heads[wanderer.stream] + 1)
        ), f"lost, doubled or out of order: {wanderer.stream}"
    for number, start in enumerate(began):
        back = sorted(
            at - start
            for wanderer in wanderers
            for left, at in wanderer.came_back
            if left == number and 0 < at - start < 6
        )
        assert len(back) > 10
        # The window is half a second of draining and two of hints: four fifths take a while.
        assert back[len(back) * 9 // 10] - back[len(back) // 10] > 0.8, back
        busiest = max(Counter(int(at / 0.5) for at in back).values())
        assert busiest <= len(back) * 0.7, back


async def until_even(server: Server) -> None:
    """Wait until each of three nodes has its share, by what they report of themselves.

    None may ever have more than twice the mean meanwhile.
    """
    mean = USERS_COUNT / 3
    async with asyncio.timeout(20 * PATIENCE):
        while True:
            nodes = (await asyncio.to_thread(reported, server, 1))["nodes"]
            found = [node["connections"] for node in nodes]
            assert max(found) <= 2 * mean, found
            if len(found) == 3 and min(found) >= mean / 2:
                return
            await asyncio.sleep(0.2)
