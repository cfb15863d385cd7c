"""A deployment in which everything happens: the demo on PostgreSQL and Redis, and its customers."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from realtime.client import Client, GetToken
from tests.market.synthetic import RECORDINGS
from tests.services import environment, reaper, web
from tests.services.client import Client as Visitor
from tests.services.plugin import run_postgres, run_redis
from tests.services.ports import free_port, free_ports
from tests.services.process import Process
from tests.services.server import Server

SEED = """
from django.core.management import call_command
call_command("seed_demo")
call_command("bump_epoch", stream=["user:2"])
call_command("ledger_verify")  # the nodes do so at night alone
"""
AMINA, STAFF = ("amina", "amina-demo-pass"), ("staff", "staff-demo-pass")
STREAM = "user:1"  # Amina's
SOCKETS = 6
SAMPLED = 16  # of as many events the time to one's acknowledgement is measured


class Busy:
    """The demo with a second node beside it, and the private ports of both."""

    def __init__(self, demo: Server, beside: Server, ports: list[int]) -> None:
        self.demo = demo
        self.beside = beside
        self.ports = ports
        self._over = threading.Event()

    def keep_busy(self) -> None:
        """Have customers come, listen, acknowledge, go and resume until `stop`."""
        asyncio.run(self._live())

    def stop(self) -> None:
        self._over.set()

    async def _live(self) -> None:
        tokens = {
            name: (await asyncio.to_thread(self.demo.log_in, name, password))["access"]
            for name, password in (AMINA, STAFF)
        }
        async with contextlib.AsyncExitStack() as stack:
            for number in range(SOCKETS):
                for server in (self.demo, self.beside):
                    device = f"browser-{number}-{server.port}"
                    app = Client(server.ws_url, _gives(tokens["amina"]), device=device)
                    await stack.enter_async_context(app)
                    await app.join("market_data")
            turn = 0
            while not self._over.is_set():
                turn += 1
                for server in (self.demo, self.beside):
                    await self._come_and_go(server, tokens["amina"], turn)
                    await asyncio.to_thread(_use, server, tokens["staff"], turn)
                await asyncio.sleep(0.2)

    async def _come_and_go(self, server: Server, token: str, turn: int) -> None:
        """Resume from the first event; now and then be refused, or be ahead of the log."""
        since = {STREAM: 1} if turn % 3 else {STREAM: 10**9}
        back = await Visitor.open(server.ws_url, token=token, since=since)
        await back.receive("connection_established")
        await back.send("no JSON")
        await back.receive("error")
        had = [each["offset"] for each in back.journal if each.get("stream") == STREAM]
        if sampled := max(had, default=0) // SAMPLED * SAMPLED:
            await back.request(type="ack", stream=STREAM, offset=sampled)
        await back.close()
        if turn % 5 == 0:
            stranger = await Visitor.open(server.ws_url, token="bad")
            await stranger.until_closed()


def _gives(token: str) -> GetToken:
    async def get_token(reason: str) -> str:
        return token

    return get_token


def _use(server: Server, token: str, turn: int) -> None:
    """Ask for some pages, and send Amina a balance, as staff may."""
    amount = str(turn)
    body = {"account_id": "1", "currency": "UGX"}
    body |= {"available_balance": amount, "current_balance": amount}
    answer = server.request("POST", "/ws/broadcast/balance?user_id=1", json=body, token=token)
    assert answer.status in {200, 201}, answer
    for path in ("/api/v1/accounts", "/ws/stats", "/api/v1/no-such-page"):
        server.request("GET", path, token=token)


@contextlib.contextmanager
def venue() -> Iterator[tuple[Process, dict[str, str]]]:
    """Play a calm hour of Kraken; yield its process, and what a server must be told."""
    port = free_port()
    recording = RECORDINGS / "kraken-calm.jsonl"
    process = Process(
        [sys.executable, "-m", "tests.market.venue", recording, str(port), "1"],
        log=reaper.workspace() / f"venue-{port}.log",
        env=environment.of_a_server(),
    )
    process.until(lambda: _plays(port), seconds=60, what="the venue answers")
    address = f"127.0.0.1:{port}"
    try:
        yield (
            process,
            {"MARKET_KRAKEN_URL": f"ws://{address}", "MARKET_KRAKEN_API_URL": f"http://{address}"},
        )
    finally:
        process.kill()


def _plays(port: int) -> bool:
    try:
        return web.request("GET", f"http://127.0.0.1:{port}/replay/state").status == 200
    except OSError:
        return False


@contextlib.contextmanager
def busy(folder: Path, name: str = "busy") -> Iterator[Busy]:
    """Run it, with its load on a thread."""
    first = free_ports(2)
    stores = {"DATABASE_URL": run_postgres().migrated(name), "REDIS_URL": run_redis().url}
    env = {
        **environment.unlimited(),
        **stores,
        "DEBUG": "1",
        "VAR_DIR": str(folder),
        "SIMULATE_PAYMENTS": "1",
        "ESCALATION_TIME_SCALE": "60",
        "WS_HEARTBEAT_SECONDS": "2",
    }
    with contextlib.ExitStack() as stack:
        _, market = stack.enter_context(venue())
        env |= market
        demo = Server(
            "demo",
            env={**env, "METRICS_PORT": str(first)},
            prepare=SEED,
            arguments=("--source", "kraken"),
        )
        stack.enter_context(demo)
        beside = Server(env={**env, "METRICS_PORT": str(first + 1)}, migrate=False)
        stack.enter_context(beside)
        found = Busy(demo, beside, [first, first + 1])
        with ThreadPoolExecutor(1) as pool:
            load = pool.submit(found.keep_busy)
            try:
                yield found
            finally:
                found.stop()
                load.result()
