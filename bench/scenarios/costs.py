"""The cost of each request and each command on the server, one after the other, on PostgreSQL."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import Any, NamedTuple

from bench import processes
from bench.contender import Bench, Spent
from bench.peers.costs_data import PASSWORD
from bench.peers.hoardrun import COMMON
from bench.results import Sample
from bench.scenario import Column, Part, Scenario
from tests.services import environment
from tests.services.client import Client
from tests.services.process import run_python
from tests.services.server import Server

WARM_UP = 3  # requests that are not counted
ROOMS = 50

Made = Mapping[str, Any]


class Request(NamedTuple):
    """A row of the table; `body` gets the number of the repetition."""

    name: str
    who: str | None  # whose token it brings
    body: Callable[[int], object] | None = None
    status: int = 200
    share: float = 1.0  # of the repetitions: slow ones get fewer


def _requests(made: Made) -> list[Request]:
    """List the rows; a path may stand behind its method with what it is measured with."""
    first, ids, refreshes = made["ids"][0], made["ids"], made["refreshes"]
    states = ("read", "archived")

    def bulk(count: int, *names: str) -> Callable[[int], object]:
        return lambda n: {"notification_ids": ids[:count], "status": names[n % len(names)]}

    payment = {"account_id": made["account_id"], "type": "payment", "direction": "outbound"}
    note = {"user_id": made["user_id"], "title": "Hello", "message": "World"}
    name = {"username": "customer", "password": PASSWORD}
    customer = "customer"
    return [
        Request("GET /api/v1/auth/me", customer),
        Request("GET /api/v1/accounts", customer),
        Request("GET /api/v1/transactions", customer),
        Request("GET /api/v1/notifications", customer),
        Request("GET /api/v1/notifications/summary", customer),
        Request("GET /api/v1/announcements", customer),
        Request("GET /api/v1/instruments", customer),
        Request("GET /api/v1/quotes", customer),
        Request("GET /api/v1/snapshot", customer),
        Request("POST /api/ws-ticket", customer, lambda n: {}),
        Request(
            "POST /api/v1/transactions",
            customer,
            lambda n: payment | {"amount": "0.01"},
            status=201,
        ),
        Request(f"POST /api/v1/notifications/{first}/read", customer, lambda n: {}),
        Request("POST /api/v1/notifications/bulk-update (1 row)", customer, bulk(1, *states)),
        Request("POST /api/v1/notifications/bulk-update (100 rows)", customer, bulk(100, *states)),
        Request(
            "POST /api/v1/notifications/bulk-update (20 to and fro)",
            customer,
            bulk(20, "unread", "read"),
        ),
        Request("POST /api/v1/notifications/mark-all-read", customer, lambda n: {}),
        Request("POST /ws/broadcast/notification (one user)", "staff", lambda n: note),
        Request("GET /ws/stats", "staff"),
        Request("GET /ws/connections", "staff"),
        Request("POST /api/v1/auth/token", None, lambda n: name, share=0.1),
        Request(
            "POST /api/v1/auth/token (refused)",
            None,
            lambda n: name | {"password": "wrong"},
            status=401,
            share=0.1,
        ),
        Request("POST /api/v1/auth/refresh", None, lambda n: {"refresh": refreshes.pop()}),
        Request("GET /api/v1/accounts (no login)", None, status=401),
        Request("GET /api/schema", None),
        Request("GET /ws/schema", None),
        Request("GET /api/docs", None),
        Request("GET /admin/login/", None),
        Request("GET /healthz", None),
        Request("GET /readyz", None),
    ]


def _commands(made: Made) -> list[tuple[str, Callable[[int], dict[str, Any]]]]:
    unknown = [f"market:NO-{number}" for number in range(ROOMS)]
    return [
        ("ping", lambda n: {"type": "ping"}),
        ("join_room", lambda n: {"type": "join_room", "room": "market_data"}),
        ("leave_room", lambda n: {"type": "leave_room", "room": "market_data"}),
        (
            f"join_room ({ROOMS} unknown rooms)",
            lambda n: {"type": "join_room", "rooms": unknown},
        ),
        ("list_rooms", lambda n: {"type": "list_rooms"}),
        (
            "subscribe_notifications",
            lambda n: {"type": "subscribe_notifications", "types": ["balance"]},
        ),
        ("ack", lambda n: {"type": "ack", "stream": f"user:{made['user_id']}", "offset": n + 1}),
        ("authenticate", lambda n: {"type": "authenticate", "token": made["customer"]}),
    ]


@contextmanager
def _started(bench: Bench) -> Iterator[tuple[Server, Made]]:
    def prepared() -> tuple[dict[str, str], Made]:
        env = {
            **environment.of_a_server(),
            **COMMON,
            **environment.unlimited(),
            **bench.stores.urls("hoardrun_costs"),
            "LOG_LEVEL": "ERROR",
        }
        run_python("manage.py", "migrate", "--verbosity=0", env=env)
        filling = env | {"SIMULATE_MARKET": "1"}
        return env, json.loads(run_python("-m", "bench.peers.costs_data", env=filling).stdout)

    env, made = bench.once("costs", prepared)
    with Server("serve", env=env, migrate=False) as server:
        yield server, made


def _spent(bench: Bench, server: Server) -> Spent:
    return Spent(processes.cpu_seconds(server.pid), bench.stores.postgres_cpu())


def http_requests(bench: Bench, number: int) -> Iterator[Sample]:
    """Send each request many times over one connection, and read the CPU time."""
    times = 20 if bench.quick else 200
    with _started(bench) as (server, made):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for request in _requests(made):
            method, path = request.name.split()[:2]
            headers = {"Content-Type": "application/json"}
            if request.who is not None:
                headers["Authorization"] = f"Bearer {made[request.who]}"
            count = max(5, round(times * request.share))
            waits: list[float] = []
            size, problems, before = 0, [], _spent(bench, server)
            for turn in range(-WARM_UP, count):
                if turn == 0:
                    before = _spent(bench, server)
                body = None if request.body is None else json.dumps(request.body(turn + WARM_UP))
                began = time.perf_counter()
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                size = len(answer.read())
                waits.append(time.perf_counter() - began)
                if answer.status != request.status:
                    problems = [f"answered {answer.status}"]
            figures = _spent(bench, server).since(before).figures("ms", 1000 / count)
            figures |= {"wait_ms": median(waits) * 1000, "kib": size / 1024}
            yield Sample("requests", _row(request.name, made), number, figures, problems)


def _row(name: str, made: Made) -> str:
    return name.replace(f"/{made['ids'][0]}/", "/{id}/")


def socket_commands(bench: Bench, number: int) -> Iterator[Sample]:
    """Send each command many times over one socket, each after the answer to the last."""
    with _started(bench) as (server, made):
        yield from asyncio.run(_talk(bench, server, made, number))


async def _talk(bench: Bench, server: Server, made: Made, number: int) -> list[Sample]:
    times = 50 if bench.quick else 300
    samples = []
    client = await Client.open(server.ws_url, token=made["customer"])
    await client.receive("connection_established")
    for name, command in _commands(made):
        before, waits = _spent(bench, server), []
        for turn in range(times):
            began = time.perf_counter()
            await client.send(command(turn) | {"id": f"{name}-{turn}"[:64]})
            await client.until_answer(f"{name}-{turn}"[:64])
            waits.append(time.perf_counter() - began)
        figures = _spent(bench, server).since(before).figures("ms", 1000 / times)
        figures |= {"wait_ms": median(waits) * 1000}
        samples.append(Sample("commands", name, number, figures))
        client.journal.clear()
    await client.close()
    return samples


SCENARIO = Scenario(
    name="costs",
    summary="each request over HTTP and each command of the socket, one after the other",
    parts=[Part("http", http_requests), Part("socket", socket_commands)],
    columns=[
        Column("cpu_ms", "CPU ms", 2),
        Column("server_ms", "server", 2),
        Column("postgres_ms", "PostgreSQL", 2),
        Column("wait_ms", "ms to the answer, p50", 2),
        Column("kib", "KiB of answer"),
    ],
    goals=[],
    rounds=2,
    notes=[
        "One customer with 200 transactions and 500 notifications, no limits, one process on "
        "PostgreSQL and Redis. What the server does by itself in between is part of it."
    ],
)
