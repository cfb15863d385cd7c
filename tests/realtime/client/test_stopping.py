"""A client may be started and stopped at any moment."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Response

from realtime.client import Client
from realtime.client.options import TokenIn
from tests.nodes import ALICE, push_balance, token_for
from tests.realtime.client.conftest import (
    STREAM,
    Giving,
    Seen,
    client_of,
    ended,
    getter,
    hold,
    online,
    port_of,
)
from tests.services.ports import until
from tests.services.server import Server

pytestmark = pytest.mark.servers


async def test_a_cancelled_stop_continues_by_itself(served: Server) -> None:
    client, seen = client_of(served, ALICE)
    release, _ = hold(client, "connection_established")
    await client.start()
    await until(lambda: seen.states[-1:] and seen.states[-1]["state"] == "connected")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await client.stop()
    release.set()
    assert await ended(client) == (None, "stopped")
    assert client.state == "disconnected"


async def test_a_second_stop_waits_for_the_first(served: Server) -> None:
    client, _ = client_of(served, ALICE)
    await client.start()
    await client.wait_connected()
    first = asyncio.create_task(client.stop())
    await asyncio.sleep(0)
    await client.stop()
    assert client.state == "disconnected"
    await first


async def test_a_start_during_a_stop_begins_after_its_end(served: Server) -> None:
    client, seen = client_of(served, ALICE)
    await client.start()
    await client.wait_connected()
    stopping = asyncio.create_task(client.stop())
    await asyncio.sleep(0)
    await client.start()
    await stopping
    async with asyncio.timeout(20):
        await client.wait_connected()
        assert await client.list_rooms()
    await client.stop()
    states = [state["state"] for state in seen.states]
    assert states == ["connecting", "connected", "disconnected"] * 2


async def test_two_starts_after_an_end_connect_once(served: Server) -> None:
    client, seen = client_of(served, ALICE, get_token=Giving(None, token_for(ALICE)))
    await client.start()
    await client.wait_ended()
    await asyncio.gather(client.start(), client.start())
    await client.wait_connected()
    await client.ping()
    await client.stop()
    assert len(seen.of("connection_established")) == 1


async def test_a_handler_that_restarts_the_client_runs_alone(served: Server) -> None:
    client, seen = client_of(served, ALICE)
    restarted: list[str] = []
    at_work: list[int] = []
    most = 0

    async def restart(data: Any, message: Any) -> None:
        if not restarted:
            restarted.append(data["connection_id"])
            await client.stop()
            await client.start()

    async def work(data: Any, message: Any) -> None:
        nonlocal most
        at_work.append(message["offset"])
        most = max(most, len(at_work))
        await asyncio.sleep(0.05)
        at_work.remove(message["offset"])

    client.on("connection_established", restart)
    client.on("balance_update", work)
    async with client:
        await until(lambda: len(seen.of("connection_established")) == 2)
        offsets = [push_balance(served, ALICE, number)["offset"] for number in range(5)]
        await until(lambda: seen.offsets(STREAM)[-1:] == offsets[-1:])
        assert seen.offsets(STREAM) == offsets
        assert most == 1


async def test_wait_ended_outlasts_a_restart(served: Server) -> None:
    client, _ = client_of(served, ALICE)
    await client.start()
    ended_ = asyncio.create_task(client.wait_ended())
    await client.wait_connected()

    async def restart(data: Any, message: Any) -> None:
        if data["reason"] == "stopped":
            await client.start()

    remove = client.on("state", restart)
    await client.stop()
    await client.wait_connected()
    remove()
    await client.stop()
    async with asyncio.timeout(20):
        assert await ended_ == (None, "stopped")


@pytest.mark.parametrize("reason", ["connect", "expiring"])
async def test_get_token_may_stop_the_client(served: Server, reason: str) -> None:
    async def get_token(why: str) -> str | None:
        if why == reason:
            await client.stop()
        return token_for(ALICE, seconds=3)

    client, seen = client_of(served, ALICE, get_token=get_token)
    await client.start()
    assert await ended(client) == (None, "stopped")
    await client.stop()
    assert seen.states[-1]["reason"] == "stopped"


async def cancelled() -> None:
    """Wait for something that was cancelled."""
    gone = asyncio.ensure_future(asyncio.sleep(60))
    gone.cancel()
    await gone


async def test_a_cancellation_inside_a_handler_is_a_failure_like_others(
    served: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with online(served) as (client, seen):
        client.on("balance_update", lambda data, message: cancelled())
        offsets = [push_balance(served, ALICE, number)["offset"] for number in range(2)]
        await until(lambda: seen.offsets(STREAM) == offsets)
    assert "a handler of balance_update failed" in caplog.text


async def test_a_cancellation_inside_get_token_is_a_failed_attempt(served: Server) -> None:
    asked: list[str] = []

    async def get_token(reason: str) -> str | None:
        asked.append(reason)
        if len(asked) == 1:
            await cancelled()
        return token_for(ALICE)

    client, _ = client_of(served, ALICE, get_token=get_token)
    async with client, asyncio.timeout(20):
        await client.wait_connected()


async def test_an_event_received_but_not_handled_comes_again_to_a_new_client(
    served: Server,
) -> None:
    client, seen = client_of(served, ALICE, device="busy-at-first")
    release, remove = hold(client, "connection_established")
    await client.start()
    await client.wait_connected()
    offset = push_balance(served, ALICE, 1)["offset"]
    await client.ping()  # it came before the answer
    stopping = asyncio.create_task(client.stop())
    await asyncio.sleep(0)
    release.set()
    await stopping
    remove()
    assert client.positions[STREAM] == offset - 1
    again, later = client_of(served, ALICE, positions=client.positions, epoch=client.epoch)
    async with again:
        await until(lambda: later.offsets(STREAM) == [offset])


@pytest.mark.parametrize("token_in", ["header", "subprotocol", "query", "message"])
async def test_an_invalid_token_is_shown_to_no_reader(
    served: Server, token_in: TokenIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = token_for(ALICE)

    get_token = Giving(f"{secret}\r\nX-Evil: 1")
    client, seen = client_of(served, ALICE, get_token=get_token, token_in=token_in)
    async with client:
        await until(lambda: len(seen.states) >= 2)
    assert secret not in caplog.text + str(seen.states)
    assert "get_token failed" in seen.states[1]["reason"]


async def test_a_token_from_a_file_may_end_with_its_line(served: Server) -> None:
    async with asyncio.timeout(20), online(served, get_token=Giving(token_for(ALICE) + "\n")):
        pass


async def test_a_redirect_carries_no_token_away() -> None:
    heard: list[str] = []

    async def note(socket: ServerConnection) -> None:
        heard.append(str(socket.request))

    async with serve(note, "127.0.0.1", 0) as elsewhere:

        def redirect(socket: ServerConnection, request: Any) -> Response:
            answer = socket.respond(HTTPStatus.FOUND, "")
            answer.headers["Location"] = f"ws://127.0.0.1:{port_of(elsewhere)}/ws/notifications"
            return answer

        async with serve(note, "127.0.0.1", 0, process_request=redirect) as first:
            url = f"ws://127.0.0.1:{port_of(first)}/ws/notifications"
            client = Client(url, getter(ALICE), token_in="subprotocol")
            seen = Seen(client)
            async with client:
                await until(lambda: len(seen.states) >= 2)
            assert heard == []
            assert seen.states[1]["reason"] == "refused with HTTP 302"
