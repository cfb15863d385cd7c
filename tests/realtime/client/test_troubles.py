"""Requests, rooms, renewals and resynchronisations that fail at first."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError

import pytest
from websockets.asyncio.server import ServerConnection

from realtime.client import Client, connection
from realtime.protocol.codec import timestamp
from tests.nodes import ALICE, node
from tests.realtime.client.conftest import (
    STREAM,
    Giving,
    Seen,
    client_of,
    each,
    ended,
    envelope,
    event,
    getter,
    greeting,
    resync,
    whole,
    wrong,
)
from tests.services.ports import until
from tests.services.server import Server

pytestmark = pytest.mark.servers
TRY_AGAIN = {"code": "internal", "message": "Try again.", "retryable": True}


# -- requests


async def test_requests_made_while_disconnected_hold_after_the_return() -> None:
    with node(DEBUG="1", WS_RECONNECT_AFTER_MS="200") as server:
        client, seen = client_of(server, ALICE, rooms=["market_data:TEST"])
        asked: list[asyncio.Task[Any]] = []

        def ask(data: Any, message: Any) -> None:
            if data["code"] == 1012:
                asked.append(asyncio.create_task(client.leave("market_data:TEST")))
                asked.append(asyncio.create_task(client.join("market:crypto", rate="5s")))

        client.on("state", ask)
        async with client:
            await client.join("market:crypto")
            await asyncio.to_thread(server.manage, "disconnect", "alice", "--reconnect")
            await until(lambda: len(asked) == 2)
            [left], _ = await asyncio.gather(*asked)
            assert left["reason"] == "request"
            assert (await client.list_rooms())["joined"] == ["market:crypto"]
            assert client.rooms == {"market:crypto"}
            assert seen.of("room_joined")[-1]["data"]["rate"] == "5s"


async def test_a_room_refused_for_now_is_joined_later() -> None:
    async def talk(socket: ServerConnection, number: int) -> None:
        await socket.send(greeting(5))
        join = json.loads(await socket.recv())
        assert join["rooms"] == ["a", "b"]
        joined = {"rate": "realtime", "snapshot": 0}
        await socket.send(envelope("error", {**TRY_AGAIN, "rooms": ["a"]}, id=join["id"]))
        await socket.send(envelope("room_joined", {"room": "b", **joined}, id=join["id"]))
        join = json.loads(await socket.recv())
        assert join["rooms"] == ["a"]
        await socket.send(envelope("room_joined", {"room": "a", **joined}, id=join["id"]))

    async with wrong(talk, rooms=["a", "b"]) as (_, seen, _):
        await until(lambda: len(seen.of("room_joined")) == 2)


async def test_a_rate_limited_request_is_repeated(strict: Server) -> None:
    client, seen = client_of(strict, ALICE)
    async with client:
        answers = await asyncio.gather(*(client.list_rooms() for _ in range(25)))
        assert len(answers) == 25
        assert "rate_limited" in [m["data"]["code"] for m in seen.of("error")]


# -- the login


async def test_a_failed_renewal_is_repeated_and_does_not_end_the_client() -> None:
    get_token = getter(ALICE)

    async def talk(socket: ServerConnection, number: int) -> None:
        hello = json.loads(greeting(5))
        hello["data"]["expires_at"] = timestamp(datetime.now(UTC) + timedelta(seconds=0.5))
        await socket.send(json.dumps(hello))
        for attempt in range(5):
            message = json.loads(await socket.recv())
            assert message["type"] == "authenticate"
            done = {"user_id": "1", "expires_at": None}
            answer = ("error", TRY_AGAIN) if attempt < 4 else ("authenticated", done)
            await socket.send(envelope(*answer, id=message["id"]))

    async with wrong(talk, get_token=get_token) as (client, seen, _):
        await client.wait_connected()
        await until(lambda: seen.of("authenticated") or client.state != "connected")
        assert client.state == "connected"
    assert set(get_token.asked) == {"connect", "expiring"}


async def test_a_failing_get_token_is_one_line_and_the_reason_of_a_timeout(
    caplog: pytest.LogCaptureFixture,
) -> None:
    get_token = Giving(HTTPError("http://login", 401, "Unauthorized", Message(), None))
    client = Client("ws://127.0.0.1:1", get_token, request_timeout=0.5)
    seen = Seen(client)
    cause = "get_token failed: HTTPError: HTTP Error 401: Unauthorized"
    async with client:
        with pytest.raises(TimeoutError, match=f"no answer to list_rooms within 0.5 s; {cause}"):
            await client.list_rooms()
        with pytest.raises(TimeoutError, match=f"no connection within 0.5 s; {cause}"):
            await client.ping()
    assert seen.states[1]["reason"] == cause
    assert caplog.messages[0] == cause
    assert "Traceback" not in caplog.text


async def test_a_port_without_tls_ends_a_client_that_never_connected() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()

    plain = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with plain:
        port = plain.sockets[0].getsockname()[1]
        async with Client(f"wss://127.0.0.1:{port}", getter(ALICE)) as client:
            code, reason = await ended(client)
    assert code is None
    assert reason == "what answers there does not speak TLS: use ws://"


async def test_a_path_without_a_socket_ends_a_client_that_never_connected(served: Server) -> None:
    url = served.ws_url.replace("notifications", "notification")
    async with Client(url, getter(ALICE)) as client, asyncio.timeout(20):
        assert await client.wait_ended() == (None, "refused with HTTP 404")


async def test_a_busy_program_does_not_take_the_server_for_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "PONG_SECONDS", 1.5)
    with node(DEBUG="1", WS_HEARTBEAT_SECONDS="2") as server:
        client, seen = client_of(server, ALICE)
        async with client:
            await client.wait_connected()
            os.kill(server.pid, signal.SIGSTOP)
            await asyncio.sleep(2.5)  # a ping is out
            os.kill(server.pid, signal.SIGCONT)
            time.sleep(2)  # noqa: ASYNC251, the answer comes, but is not read
            await client.ping()
        assert "the server gives no sign of life" not in [s["reason"] for s in seen.states]


# -- resynchronising


async def test_a_client_without_acks_acknowledges_no_snapshot() -> None:
    talk = [greeting(5), resync(7, "f"), event(8)]
    async with wrong(talk, snapshots=each(whole(8, "f")), ack=False) as (client, _, script):
        await until(lambda: client.positions == {STREAM: 8})
        await asyncio.sleep(1.5)  # more than an ack waits
        assert script.heard == []


async def test_a_snapshot_is_not_acknowledged_once_another_is_required() -> None:
    handling, release = asyncio.Event(), asyncio.Event()

    async def talk(socket: ServerConnection, number: int) -> None:
        for text in (greeting(5), resync(7, "f"), event(8)):
            await socket.send(text)
        await handling.wait()
        for text in (resync(20, "g"), event(21)):
            await socket.send(text)
        ping = json.loads(await socket.recv())
        await socket.send(envelope("pong", {"positions": {}}, id=ping["id"]))

    async def show(data: Any, message: Any) -> None:
        handling.set()
        await release.wait()

    async def snapshots() -> AsyncIterator[Any]:
        yield whole(8, "f")
        await asyncio.sleep(1.5)  # more than an ack waits
        yield whole(20, "g")

    async with wrong(talk, snapshots=snapshots()) as (client, _, script):
        client.on("resync", show)
        await handling.wait()
        await client.ping()  # all that was sent before its answer has been read
        release.set()
        await until(lambda: script.heard)
        assert [message["offset"] for message in script.heard] == [21]


async def test_positions_stay_of_one_epoch_when_a_handler_of_the_snapshot_fails() -> None:
    hello = json.loads(greeting(5))
    hello["data"]["positions"]["announcements"] = {"offset": 3, "epoch": "e"}
    pong = envelope("pong", {"positions": {}})
    talk = [json.dumps(hello), pong, resync(8, "f"), event(9)]

    def fail(data: Any, message: Any) -> None:
        raise RuntimeError("out of order")

    snapshots = each(whole(8, "f", announcements=40))
    async with wrong(talk, snapshots=snapshots) as (client, seen, _):
        client.on("resync", fail)
        await until(lambda: seen.offsets(STREAM) == [9])
        assert (client.positions, client.epoch) == ({STREAM: 9, "announcements": 40}, "f")


ELSEWHERE = [greeting(5), resync(8, "f")]


async def test_a_missing_snapshot_is_reported_and_fetched_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = each(HTTPStatus.NOT_FOUND, HTTPStatus.NOT_FOUND, whole(8, "f"))
    async with wrong(ELSEWHERE, snapshots=answers) as (client, seen, script):
        await until(lambda: seen.resyncs)
        waits = [state for state in seen.states if state["retry_in"] is not None]
        assert [state["reason"] for state in waits] == ["no snapshot: HTTP 404"] * 2
        assert caplog.messages.count("no snapshot: HTTP 404") == 2
        assert (len(script.paths), client.positions) == (3, {STREAM: 8})


async def test_a_forbidden_snapshot_ends_the_client() -> None:
    async with wrong(ELSEWHERE, snapshots=each(HTTPStatus.FORBIDDEN)) as (client, _, script):
        assert await ended(client) == (None, "no snapshot: HTTP 403")
        assert len(script.paths) == 1


# -- bad input


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"positions": {STREAM: "5"}}, "positions"),
        ({"positions": {STREAM: {"offset": 5}}}, "positions"),
        ({"types": "transaction"}, "types"),
        ({"rooms": "market_data"}, "rooms"),
    ],
)
def test_an_invalid_option_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Client("ws://localhost/ws/notifications", getter(ALICE), **options)


def test_an_address_of_another_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="no address of a WebSocket"):
        Client("http://localhost/ws/notifications", getter(ALICE))
