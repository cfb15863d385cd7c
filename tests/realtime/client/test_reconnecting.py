"""The client recovers lost connections, servers and positions by itself."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from realtime.client import Client
from tests.nodes import ALICE, node, push_balance, push_transaction
from tests.realtime.client.conftest import (
    STREAM,
    Seen,
    client_of,
    ended,
    envelope,
    event,
    getter,
    greeting,
    online,
    resync,
    wrong,
)
from tests.services.ports import until
from tests.services.server import Server

pytestmark = pytest.mark.servers
PUBLISH = """
import time
from django.db import transaction
from hoardrun.ledger.messages import BalanceUpdate
from realtime.publish import publish
for number in range({count}):
    with transaction.atomic():
        publish("user:{user}", BalanceUpdate(account_id="1", currency="UGX",
            available_balance=str(number), current_balance="0"))
    time.sleep({pause})
"""


def script(count: int, *, user: int = ALICE, pause: float = 0.0) -> str:
    return PUBLISH.format(count=count, user=user, pause=pause)


@pytest.fixture
def own() -> Iterator[Server]:
    with node(DEBUG="1", WS_HEARTBEAT_SECONDS="1", WS_RECONNECT_AFTER_MS="100") as server:
        yield server


async def test_presence_is_said_on_change_and_again_on_each_connection() -> None:
    lost = asyncio.Event()

    async def talk(socket: ServerConnection, number: int) -> None:
        await socket.send(greeting(5))
        said = json.loads(await socket.recv()) if number == 1 else None
        if said is not None:
            answer = envelope("presence_updated", {"state": said["state"]}, id=said["id"])
            await socket.send(answer)
            await lost.wait()
            await socket.close(1001)

    async with wrong(talk, device="svc-a", device_class="service") as (client, seen, script):
        await client.wait_connected()
        await client.set_presence(is_active=True)
        lost.set()
        await until(lambda: len(seen.of("connection_established")) == 2)
        await until(lambda: script.heard == [{"type": "presence", "state": "active"}])
    assert all("device_class=service" in path for path in script.paths)


async def test_presence_that_is_said_before_there_is_a_connection_is_not_lost() -> None:
    with pytest.raises(ValueError, match="device_class is phone"):
        Client("ws://example.com", getter(ALICE), device_class="tablet")  # type: ignore[arg-type]
    go_on = asyncio.Event()

    async def talk(socket: ServerConnection, number: int) -> None:
        await go_on.wait()
        await socket.send(greeting(5))

    async with wrong(talk) as (client, _, script):
        await client.set_presence(is_active=False)
        go_on.set()
        await until(lambda: script.heard == [{"type": "presence", "state": "away"}])


async def test_a_server_killed_under_load_leaves_no_gap_and_no_duplicate(own: Server) -> None:
    client, seen = client_of(own, ALICE, rooms=["market_data:TEST"])
    async with client:
        start = (await client.wait_connected())["positions"][STREAM]["offset"]
        await client.join("market:crypto", rate="5s")
        await client.subscribe("balance")
        publishing = asyncio.create_task(asyncio.to_thread(own.shell, script(400, pause=0.005)))
        await until(lambda: len(seen.of("balance_update")) > 50)
        assert not publishing.done()
        own.kill()
        await until(lambda: client.state == "disconnected")
        await asyncio.to_thread(own.start)
        await publishing
        await until(lambda: len(seen.of("balance_update")) >= 400, seconds=60)
        assert seen.offsets(STREAM) == list(range(start + 1, start + 401))
        assert 1006 in [state["code"] for state in seen.states]
        # Rooms and filters are as they were.
        await until(lambda: len(seen.of("room_joined")) >= 4)
        listed = await client.list_rooms()
        assert set(listed["joined"]) == {"market_data:TEST", "market:crypto"}
        assert seen.of("room_joined")[-1]["data"]["rate"] == "5s"
        await asyncio.to_thread(push_transaction, own, ALICE)
        last = (await asyncio.to_thread(push_balance, own, ALICE, 7))["offset"]
        await until(lambda: seen.offsets(STREAM)[-1] == last)
        assert not seen.of("transaction_update")


async def test_a_request_is_repeated_after_a_reconnect(own: Server) -> None:
    async with online(own, request_timeout=60) as (client, seen):
        os.kill(own.pid, signal.SIGSTOP)  # it takes the request, and never answers
        asked = asyncio.create_task(client.list_rooms())
        await until(lambda: client.state != "connected", seconds=30)
        own.kill()
        await asyncio.to_thread(own.start)
        assert (await asked)["joined"] == []
    assert seen.states[2]["reason"] == "the server gives no sign of life"
    assert seen.states[2]["code"] == 1006


async def test_a_client_waits_as_long_as_a_restarting_server_asks(own: Server) -> None:
    async with online(own) as (client, seen):
        await asyncio.to_thread(own.manage, "disconnect", "alice", "--reconnect")
        await until(lambda: len(seen.of("connection_established")) == 2)
        lost = next(state for state in seen.states if state["code"] == 1012)
        hint = seen.of("server_shutdown")[0]["data"]["reconnect_after_ms"] / 1000
        assert hint <= lost["retry_in"] <= hint + 0.5


async def test_a_client_waits_as_long_as_an_overloaded_server_asks() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as busy:
        port = busy.sockets[0].getsockname()[1]
        client = Client(f"ws://127.0.0.1:{port}/ws/notifications", getter(ALICE))
        seen = Seen(client)
        async with client:
            await until(lambda: [state for state in seen.states if state["retry_in"]])
    [lost] = [state for state in seen.states if state["retry_in"]]
    assert 3 <= lost["retry_in"] <= 3.5


async def test_a_client_closed_by_staff_does_not_return(own: Server) -> None:
    async with online(own) as (client, seen):
        await asyncio.to_thread(own.manage, "disconnect", "alice")
        assert await ended(client) == (4403, "access revoked")
        await until(lambda: seen.states[-1]["code"] == 4403)
        assert seen.states[-1]["retry_in"] is None


async def test_an_invalid_parameter_is_not_repeated(own: Server) -> None:
    client, seen = client_of(own, ALICE, types=["everything"])
    async with client:
        code, _ = await ended(client)
        assert code == 4400
        await until(lambda: seen.of("error"))


async def test_trimmed_events_are_replaced_by_a_snapshot(own: Server) -> None:
    async with online(own, device="sleeper") as (client, seen):
        push_balance(own, ALICE, 0)
        await until(lambda: seen.of("balance_update"))
    own.shell(script(30))
    own.manage("trim_events", "--keep", "5", "--days", "0")
    head = push_balance(own, ALICE, 77)["offset"]
    order: list[Any] = []
    client.on("resync", lambda data, message: order.append("resync"))
    client.on("balance_update", lambda data, message: order.append(message["offset"]))
    async with client:
        await until(lambda: seen.resyncs)
        [resync] = seen.resyncs
        assert (resync["reason"], resync["stream"]) == ("trimmed", STREAM)
        assert resync["snapshot"]["positions"][STREAM]["offset"] == head
        assert "accounts" in resync["snapshot"]
        assert client.positions[STREAM] == head
        live = (await asyncio.to_thread(push_balance, own, ALICE, 5))["offset"]
        await until(lambda: live in order)
        assert order == ["resync", live]
        await until(lambda: live in [m["data"]["offset"] for m in seen.of("acked")])
    # Acknowledged as it is now, the device is asked to resynchronise no more.
    other, later = client_of(own, ALICE, device="sleeper")
    async with other:
        await other.wait_connected()
        await other.ping()
    assert not later.of("resync_required")


async def test_a_new_epoch_on_an_open_socket_is_one_resynchronisation(own: Server) -> None:
    client, seen = client_of(own, ALICE)
    async with client:
        before = (await client.wait_connected())["epoch"]
        push_balance(own, ALICE, 0)
        await until(lambda: seen.of("balance_update"))
        await asyncio.to_thread(own.manage, "bump_epoch", "--all")
        push_balance(own, ALICE, 1)
        await until(lambda: seen.resyncs)
        await until(lambda: client.epoch != before)
        assert client.epoch == seen.resyncs[-1]["snapshot"]["epoch"]
        live = (await asyncio.to_thread(push_balance, own, ALICE, 2))["offset"]
        await until(lambda: client.positions[STREAM] == live)
    assert client.state == "disconnected"
    assert 1 <= len(seen.resyncs) <= len(seen.of("resync_required"))


# -- servers with faults


async def test_a_gap_is_filled_by_resuming_at_once() -> None:
    async def talk(socket: ServerConnection, number: int) -> None:
        await socket.send(greeting(5))
        for offset in (6, 8, 9) if number == 1 else (6, 7, 8, 9):
            await socket.send(event(offset))

    async with wrong(talk) as (client, seen, script):
        await until(lambda: seen.offsets(STREAM) == [6, 7, 8, 9])
        assert f"since={STREAM}:6" in script.paths[1]
        assert "epoch=e" in script.paths[1]
        [lost] = [state for state in seen.states if state["reason"]]
        assert lost["retry_in"] == 0
        assert lost["reason"] == f"a gap in {STREAM}: 8 came after 6"


async def test_a_pong_ahead_of_the_events_is_a_gap_and_resumed() -> None:
    pong = envelope("pong", {"positions": {STREAM: {"offset": 7, "epoch": "e"}}})

    async def talk(socket: ServerConnection, number: int) -> None:
        for text in (greeting(5), event(5 + number), pong)[: 3 if number == 1 else 2]:
            await socket.send(text)

    async with wrong(talk) as (client, seen, script):
        await until(lambda: seen.offsets(STREAM) == [6, 7])
        assert f"since={STREAM}:6&epoch=e" in script.paths[1]
        reasons = [state["reason"] for state in seen.states if state["retry_in"] is not None]
        assert reasons == [f"a gap in {STREAM}: a pong names an event that did not arrive"]
        assert client.positions == {STREAM: 7}


async def test_a_snapshot_of_another_host_is_not_fetched_and_positions_stay() -> None:
    applied = asyncio.Event()

    async def talk(socket: ServerConnection, number: int) -> None:
        await socket.send(greeting(5))
        await socket.send(event(6))
        if number == 1:
            await applied.wait()  # its ack waits to go out with others
            await socket.send(resync(90, "f", "//elsewhere.example/snapshot"))
            await socket.send(event(91))

    async with wrong(talk) as (client, seen, script):
        await until(lambda: client.positions == {STREAM: 6})
        applied.set()
        await until(lambda: len(script.paths) == 2)
        assert f"since={STREAM}:6&epoch=e" in script.paths[1]
        assert seen.offsets(STREAM) == [6]
        assert not seen.resyncs
        assert "no path on this server" in seen.states[2]["reason"]
        # Events from before the resync are no longer acknowledged.
        await client.wait_connected()
        await asyncio.sleep(1.5)
        assert script.heard == []


async def test_a_snapshot_that_many_take_at_once_is_asked_for_when_the_server_says() -> None:
    async def talk(socket: ServerConnection, number: int) -> None:
        await socket.send(greeting(5))
        await socket.send(resync(90, "f", "//elsewhere.example/snapshot", after_ms=3_600_000))
        await socket.send(event(91))
        await socket.wait_closed()

    async with wrong(talk) as (client, seen, script):
        await until(lambda: seen.of("resync_required"))
        await client.wait_connected()
        for _ in range(50):  # in which a path that is refused would be noticed
            await asyncio.sleep(0)
        assert client.state == "connected"
        assert not [state for state in seen.states if state["reason"]]


async def test_an_invalid_message_is_a_lost_connection_and_not_the_end() -> None:
    async def talk(socket: ServerConnection, number: int) -> None:
        texts = {1: "{", 2: "[]", 3: envelope("connection_established", {})}
        await socket.send(texts.get(number, greeting(5)))

    async with wrong(talk) as (client, seen, script):
        async with asyncio.timeout(30):
            await client.wait_connected()
        assert len(script.paths) == 4
