"""The HTTP API on a real server: from a login to a broadcast that arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from tests.services import web
from tests.services.client import Client
from tests.services.server import Server
from tests.services.web import Answer

pytestmark = pytest.mark.servers
USERS = """
from django.contrib.auth.models import Permission, User

User.objects.create_user("alice", password="alice-pass")
charlie = User.objects.create_user("charlie", password="charlie-pass", is_staff=True)
charlie.user_permissions.add(Permission.objects.get(codename="broadcast"))
"""


def log_in(server: Server, name: str) -> str:
    body = {"username": name, "password": f"{name}-pass"}
    return str(server.request("POST", "/api/v1/auth/token", json=body).json()["access"])


async def test_a_broadcast_of_staff_reaches_the_sockets() -> None:
    with Server(env={"DEBUG": "1"}) as server:
        server.shell(USERS)
        alice, charlie = log_in(server, "alice"), log_in(server, "charlie")

        async def send(kind: str, body: Mapping[str, object]) -> Answer:
            path = f"/ws/broadcast/{kind}"
            return await asyncio.to_thread(server.request, "POST", path, json=body, token=charlie)

        before = server.request("GET", "/api/v1/snapshot", token=alice).json()
        since = {name: position["offset"] for name, position in before["positions"].items()}
        socket = await Client.open(server.ws_url, token=alice, since=since, epoch=before["epoch"])
        async with socket:
            greeting = (await socket.receive("connection_established"))["data"]
            assert greeting["positions"] == before["positions"]
            assert greeting["epoch"] == before["epoch"]
            await socket.send({"type": "join_room", "room": "market_data"})
            await socket.receive("room_joined")

            me = server.request("GET", "/api/v1/auth/me", token=alice).json()["id"]
            note = {"title": "Hello", "message": "World", "user_id": int(me)}
            assert (await send("notification", note)).status == 200
            assert (await socket.receive("notification"))["data"]["title"] == "Hello"
            quote = {"symbol": "TEST-USD", "price": "1.25"}
            assert (await send("market", quote)).status == 200
            update = await socket.receive("market_update")
            assert (update["data"]["price"], update["room"]) == ("1.25", "market_data")
            assert (await send("announcement", {"title": "Night", "message": "x"})).status == 200
            assert (await socket.receive("system_announcement"))["data"]["title"] == "Night"
            assert (await send("notification", {"title": ""})).status == 400
            await asyncio.to_thread(server.stop)
        assert "Traceback" not in server.log()
        assert "alice-pass" not in server.log()


@pytest.mark.parametrize("debug", ["0", "1"])
def test_a_request_that_is_refused_is_one_line_of_the_log(debug: str) -> None:
    with Server(env={"DEBUG": debug}) as server:
        evil = {"Host": "evil.example"}
        assert server.request("GET", "/api/v1/accounts").status == 401
        assert server.request("GET", "/nothing").status == 404
        assert web.request("GET", f"{server.url}/api/v1/accounts", headers=evil).status == 400
        asked = [line for line in server.stop().splitlines() if "/healthz" not in line]
    unauthorized, missing, host, refused = (
        line for line in asked if " hoardrun.requests " in line or "DisallowedHost" in line
    )
    assert "GET /api/v1/accounts 401 " in unauthorized
    assert "GET /nothing 404 " in missing
    assert "'evil.example'" in host and "ALLOWED_HOSTS" in host
    assert "GET /api/v1/accounts 400 " in refused
