"""A deployment to break: two nodes, a delivery worker, a venue of prices, and Prometheus."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from hoardrun.demo.providers.sms import AfricasTalking
from realtime.client import Client, GetToken
from tests.deploy.busy import venue
from tests.services import reaper
from tests.services.plugin import run_postgres, run_redis
from tests.services.ports import free_port, free_ports
from tests.services.postgres import Postgres, hand_over
from tests.services.process import Process
from tests.services.prometheus import Prometheus
from tests.services.redis import Redis
from tests.services.server import Server

ALICE, BOB, STAFF = 1, 2, 3
DISK = "24M"
PLENTY = "10000"
# Somebody to publish to, somebody with a phone alone, and staff; prints a token of each.
PREPARE = f"""
import json, sys
from datetime import timedelta
from django.contrib.auth.models import User
from rest_framework_simplejwt.tokens import AccessToken
from tests.notifications.delivery.support import address
found = []
for number in {(ALICE, BOB, STAFF)!r}:
    rights = dict.fromkeys(("is_staff", "is_superuser"), number == {STAFF})
    user = User.objects.create(id=number, username=f"user-{{number}}", **rights)
    token = AccessToken.for_user(user)
    token.set_exp(lifetime=timedelta(days=1))
    found.append(str(token))
    if number == {BOB}:
        address(user, "sms", "+256772000002")
json.dump(found, sys.stdout)
"""
NOTIFY = f"""
from notifications.services import notification_create
from tests.notifications.delivery.support import CONTEXTS
kind = "transaction.failed"
notification_create(user_id={BOB}, type="transaction", kind=kind, context=CONTEXTS[kind])
"""


class World:
    """The parts that a fault may break. A load uses the second node all the time."""

    def __init__(self, postgres: Postgres, redis: Redis, nodes: list[Server]) -> None:
        self._tokens: list[str] = json.loads(nodes[0].shell(PREPARE))
        self.postgres = postgres
        self.redis = redis
        self.nodes = nodes
        self.venue: Process
        self.sms: AfricasTalking
        self.disk: Path
        self.prometheus: Prometheus
        self.notifies = False  # whether the load makes messages that a provider is to take
        self._over = threading.Event()

    @property
    def database_url(self) -> str:
        return self.nodes[0].env["DATABASE_URL"]

    def query(self, statement: psycopg.sql.SQL | psycopg.sql.Composed) -> None:
        """Have the database do something, at once."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(statement)

    def begin_worker(self) -> None:
        """Start the worker of delivery, again after it was killed."""
        node = self.nodes[1]
        command = [sys.executable, "manage.py", "deliver"]
        self.worker = Process(command, log=node.folder / "deliver.log", env=node.env)

    def stop(self) -> None:
        self._over.set()

    def keep_busy(self) -> None:
        """Listen, publish and ask until `stop`, whatever comes back."""
        asyncio.run(self._live())

    async def _live(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for node in self.nodes:
                client = Client(node.ws_url, _gives(self._tokens[ALICE - 1]))
                await stack.enter_async_context(client)
            token = self._tokens[STAFF - 1]
            turn = 0
            while not self._over.is_set():
                turn += 1
                with contextlib.suppress(OSError):
                    await asyncio.to_thread(self._use, token, turn)
                await asyncio.sleep(0.3)

    def _use(self, token: str, turn: int) -> None:
        node = self.nodes[1]
        body = {"account_id": "1", "currency": "UGX"}
        body |= {"available_balance": str(turn), "current_balance": str(turn)}
        node.request("POST", f"/ws/broadcast/balance?user_id={ALICE}", json=body, token=token)
        if self.notifies and turn % 3 == 0:
            with contextlib.suppress(RuntimeError):
                node.shell(NOTIFY)


def _gives(token: str) -> GetToken:
    async def get_token(reason: str) -> str:
        return token

    return get_token


@contextlib.contextmanager
def small_disk(postgres: Postgres) -> Iterator[Path]:
    """Mount a disk of its own for the log's table, which takes root."""
    folder, image = postgres.folder / "disk", reaper.workspace() / "disk.img"
    folder.mkdir()
    for command in (
        ["truncate", "-s", DISK, str(image)],
        ["mkfs.ext4", "-q", "-m", "0", str(image)],
        ["mount", "-o", "loop", str(image), str(folder)],
    ):
        subprocess.run(command, check=True)
    try:
        place = folder / "place"
        place.mkdir()
        hand_over(place, postgres.runs_as)
        yield place
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextlib.contextmanager
def exporter() -> Iterator[int]:
    """Run the node exporter of Debian, of file systems alone; yield its port."""
    port = free_port()
    words = ["prometheus-node-exporter", "--collector.disable-defaults"]
    words += ["--collector.filesystem", f"--web.listen-address=127.0.0.1:{port}"]
    # By its defaults it passes over /dev, below which the tests have their files.
    words.append("--collector.filesystem.mount-points-exclude=^/(proc|sys|etc|run)($|/)")
    process = Process(words, log=reaper.workspace() / "exporter.log")
    try:
        yield port
    finally:
        process.kill()


@contextlib.contextmanager
def world(folder: Path, *, pace: float) -> Iterator[World]:
    """Start it all, and stop it."""
    postgres, redis = run_postgres(), run_redis()
    first = free_ports(2)
    with contextlib.ExitStack() as stack:
        process, market = stack.enter_context(venue())
        sms = stack.enter_context(AfricasTalking("acme", "key"))
        disk = stack.enter_context(small_disk(postgres))
        machine = stack.enter_context(exporter())
        env = {
            **market,
            "DATABASE_URL": postgres.migrated("alerts"),
            "REDIS_URL": redis.url,
            "DEBUG": "1",  # which lets calls go to loopback
            "VAR_DIR": str(folder),
            "MARKET_SOURCES": "kraken",
            "PUBLIC_BASE_URL": "https://api.acme.example",
            "SMS_PROVIDERS": "africastalking",
            "SMS_COUNTRIES": "UG",
            "SMS_PER_NUMBER_PER_DAY": PLENTY,
            "SMS_PER_USER_PER_DAY": PLENTY,
            "AFRICASTALKING_USERNAME": "acme",
            "AFRICASTALKING_API_KEY": "key",
            "AFRICASTALKING_URL": sms.url,
            "ESCALATION_TIME_SCALE": "1000",
        }
        nodes = []
        for number in range(2):
            own = {**env, "METRICS_PORT": str(first + number)}
            nodes.append(Server(env=own, migrate=not number))
            stack.callback(nodes[-1].kill)
        found = World(postgres, redis, nodes)
        found.venue, found.sms, found.disk = process, sms, disk
        found.begin_worker()
        stack.callback(lambda: found.worker.kill())
        found.prometheus = Prometheus(
            [first, first + 1], machines=[machine], pace=pace, interval=max(1, round(15 / pace))
        )
        stack.callback(found.prometheus.stop)
        pool = stack.enter_context(ThreadPoolExecutor(1))
        load = pool.submit(found.keep_busy)
        try:
            yield found
        finally:
            found.stop()
            load.result()
