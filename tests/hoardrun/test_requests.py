"""One line for each request and one for each socket, from a real server, and its meters."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from hoardrun.requests import account
from realtime.meters import meters
from realtime.meters.kinds import OTHER
from tests.nodes import ALICE, BOB, USERS, connect, token_for
from tests.services import metrics
from tests.services.client import Client
from tests.services.ports import free_port, wait_until
from tests.services.server import Server

pytestmark = pytest.mark.servers

MUCH = """
from secrets import token_hex
from notifications.messages import Notification
from realtime.publish import publish_many
for page in range(20):
    publish_many([("user:2", Notification(
        id=str(number), title="t", message=token_hex(2000), created_at="",
    )) for number in range(50)])
"""


BREAK = """
from django.db import connection
connection.cursor().execute("DROP TABLE notifications_notification")
"""


def lines(text: str) -> list[dict[str, Any]]:
    """Read a server's log; what is not JSON are the words of `serve` itself."""
    return [json.loads(each) for each in text.splitlines() if each.startswith("{")]


def test_each_request_is_one_line_with_its_id_and_counted_by_its_route() -> None:
    port = free_port()
    env = {"LOG_FORMAT": "json", "METRICS_PORT": str(port), "DEBUG": "0"}
    with Server(env=env, prepare=USERS) as server:
        wait_until(metrics.answers(port), seconds=10, what="metrics are served")
        token = token_for(ALICE)
        known = server.request("GET", "/api/v1/notifications/12345?page=1", token=token)
        stranger = server.request("GET", "/api/v1/notifications")
        nowhere = server.request("GET", "/no/such/page")
        large = server.request("POST", "/api/v1/auth/token", json={"a": "x" * 100_000})
        numbers = metrics.scrape(port)
        found = lines(server.stop())
    access = [each for each in found if each["logger"] == "hoardrun.requests"]
    by_id = {each["request_id"]: each for each in access}
    assert len(by_id) == len(access)
    shown = {
        each: by_id[answer.headers["x-request-id"]]
        for each, answer in (("known", known), ("stranger", stranger), ("nowhere", nowhere))
    }
    shown["large"] = by_id[large.headers["x-request-id"]]
    assert shown["known"] | {"user": ALICE, "status": 400, "method": "GET"} == shown["known"]
    assert shown["known"]["path"] == "/api/v1/notifications/12345"
    assert shown["known"]["seconds"] > 0 and shown["known"]["bytes"] > 0
    assert shown["known"]["address"] == "127.0.0.1"
    route = shown["known"]["route"]
    assert "12345" not in route and "notifications" in route
    assert shown["stranger"]["status"] == 401 and "user" not in shown["stranger"]
    assert (shown["nowhere"]["status"], shown["nowhere"].get("route")) == (404, None)
    assert shown["large"]["status"] == 413
    counted = numbers.by("http_requests_total", "route", "method", "status")
    assert counted[route, "GET", "4xx"] == 1
    assert counted["other", "GET", "4xx"] == 1
    assert counted["other", "POST", "4xx"] == 1
    assert not any("12345" in key[0] or "no/such" in key[0] for key in counted)
    assert numbers("http_request_seconds_count") == numbers("http_requests_total")
    assert all(
        {"ts", "level", "logger", "event", "node", "worker"} <= each.keys() for each in found
    )
    assert {each["logger"] for each in found} >= {"uvicorn.error", "hoardrun.requests"}
    assert "uvicorn.access" not in {each["logger"] for each in found}


def test_the_lines_of_a_fault_have_the_id_of_its_request() -> None:
    with Server(env={"LOG_FORMAT": "json"}, prepare=USERS) as server:
        server.shell(BREAK)
        failed = server.request("GET", "/api/v1/notifications", token=token_for(ALICE))
        assert failed.status >= 500
        found = lines(server.stop())
    own = [each for each in found if each.get("request_id") == failed.headers["x-request-id"]]
    assert "no such table" in own[0]["event"] and own[0]["level"] == "ERROR"
    assert own[-1]["logger"] == "hoardrun.requests"


async def test_each_socket_is_one_line_at_its_end_for_each_code_and_side() -> None:
    env = {
        "LOG_FORMAT": "json",
        "WS_MAX_CONNECTIONS_PER_USER": "2",
        "WS_AUTHENTICATE_WITHIN_SECONDS": "0.3",
        "WS_STUCK_AFTER_SECONDS": "2",
        "WS_MAX_BUFFER_BYTES": "4096",
        "WS_MAX_MESSAGES_PER_SECOND": "1",
        "WS_MAX_MESSAGE_BURST": "1",
        "WS_DRAIN_SECONDS": "0",
    }
    ended: Counter[tuple[int, str]] = Counter()
    with Server(env=env, prepare=USERS) as server:

        async def alice(**options: Any) -> Client:
            return await connect(server, ALICE, device="phone", **options)

        for code in (1000, 1001):
            client = await alice()
            await client.connection.close(code)
            ended[code, "client"] += 1
        client = await alice()
        await client.connection.close(code=1000)
        ended[1000, "client"] += 1
        client = await alice()
        client.drop()
        ended[1006, "network"] += 1

        async def ends(client: Client) -> None:
            ended[await client.until_closed(), "server"] += 1

        client = await alice()
        client.connection.transport.write(b"\xf1\x80aaaa")  # reserved bits
        await ends(client)
        client = await alice()
        await client.connection.send(b"binary")
        await ends(client)
        client = await alice()
        await client.connection.send(b"\xff\xff", text=True)
        await ends(client)
        client = await alice()
        with contextlib.suppress(ConnectionClosed):
            await client.send("x" * 100_000)
        await ends(client)
        await ends(await Client.open(server.ws_url, token=token_for(ALICE), since="nonsense"))
        await ends(await Client.open(server.ws_url, token="bad"))
        client = await alice()
        await client.send({"type": "authenticate", "token": token_for(BOB)})
        await ends(client)
        await ends(await Client.open(server.ws_url))  # no login in time
        client = await alice()
        for _ in range(2):
            await (await alice()).close()
            ended[1000, "client"] += 1
        three = [client, await alice(), await alice()]
        await ends(client)
        for each in three[1:]:
            await each.close()
            ended[1000, "client"] += 1
        client = await alice()
        for _ in range(110):
            with contextlib.suppress(ConnectionClosed):
                await client.send({"type": "ping"})
        await ends(client)
        slow = await connect(server, BOB)
        await asyncio.to_thread(server.shell, MUCH)
        await asyncio.to_thread(
            wait_until, lambda: "code=4503" in server.log(), seconds=20, what="it reads too slowly"
        )
        slow.drop()
        ended[4503, "server"] += 1
        last = await alice()
        stopping = asyncio.ensure_future(asyncio.to_thread(server.stop))
        await ends(last)
        found = lines(await stopping)
    closed = [each for each in found if each["event"].startswith("closed ")]
    assert Counter((each["code"], each["by"]) for each in closed) == ended
    codes = {1002, 1003, 1007, 1009, 1012, 4400, 4401, 4403, 4408, 4409, 4429, 4503}
    assert codes | {1000, 1001, 1006} == {code for code, _ in ended}
    opened = [each for each in found if each["event"].startswith("opened ")]
    assert len({each["connection_id"] for each in closed}) == len(closed)
    for one in opened:
        assert one["user"] in {ALICE, BOB}
    for one in closed:
        assert one["seconds"] >= 0
        assert one["messages_out"] >= 0 and one["bytes_in"] >= 0
    known = [each for each in closed if each.get("user") == ALICE and each["messages_out"]]
    assert all(each["device"] == "phone" for each in known if each["code"] != 4400)
    assert all(each["bytes_out"] > 100 for each in known)
    assert "eyJ" not in json.dumps(found)


async def test_methods_that_clients_invent_take_one_number() -> None:
    async def send(message: Any) -> None: ...

    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 405})

    known = set(meters.http_requests)
    for number in range(100):
        scope = {"type": "http", "method": f"M{number}", "path": "/healthz", "headers": []}
        await account(scope, None, send, refuse)
    assert len(set(meters.http_requests) - known) <= 1
    assert meters.http_requests[OTHER, OTHER, "4xx"] >= 100


async def test_a_level_above_info_keeps_both_lines_away() -> None:
    with Server(env={"LOG_LEVEL": "WARNING"}, prepare=USERS) as server:
        await (await connect(server, ALICE)).close()
        server.request("GET", "/api/v1/asked-for")
        log = server.stop()
    assert "closed " not in log and "asked-for" not in log
