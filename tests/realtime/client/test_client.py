"""The client works by itself on a working server."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import pytest

from realtime.client import Client, ServerError
from realtime.client.options import TokenIn
from tests.nodes import ALICE, BOB, connect, push_balance, push_transaction, token_for
from tests.realtime.client.conftest import (
    STREAM,
    Giving,
    Seen,
    client_of,
    ended,
    getter,
    online,
)
from tests.services.ports import PATIENCE, until
from tests.services.server import Server

pytestmark = pytest.mark.servers


async def test_events_are_delivered_in_order_after_the_greeting(served: Server) -> None:
    client, seen = client_of(served, ALICE)
    async with client:
        greeting = await client.wait_connected()
        assert greeting["user_id"] == str(ALICE)
        offsets = [push_balance(served, ALICE, number)["offset"] for number in range(20)]
        await until(lambda: len(seen.of("balance_update")) == 20)
        assert seen.offsets(STREAM) == offsets
        balances = [m["data"]["available_balance"] for m in seen.of("balance_update")]
        assert balances == [str(number) for number in range(20)]
        assert client.positions[STREAM] == offsets[-1]
        assert client.epoch == greeting["epoch"]
    assert [state["state"] for state in seen.states] == [
        "connecting",
        "connected",
        "disconnected",
    ]
    assert seen.states[-1] == {
        "state": "disconnected",
        "code": None,
        "reason": "stopped",
        "retry_in": None,
    }


@pytest.mark.parametrize("token_in", ["header", "subprotocol", "message", "query"])
async def test_the_token_may_go_in_each_part_of_the_handshake(
    served: Server, token_in: TokenIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client, _ = client_of(served, BOB, token_in=token_in)
    async with client:
        async with asyncio.timeout(10):
            assert (await client.wait_connected())["user_id"] == str(BOB)
        assert 0 < await client.ping() < 5
    assert "eyJ" not in caplog.text  # the beginning of every token


async def test_a_failing_handler_is_logged_and_stops_no_other(
    served: Server, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(data: Any, message: Any) -> None:
        raise RuntimeError("out of order")

    async with online(served) as (client, seen):
        client.on("balance_update", fail)
        before = client.positions.get(STREAM)
        push_balance(served, ALICE, 1)
        offset = push_balance(served, ALICE, 2)["offset"]
        await until(lambda: len(seen.of("balance_update")) == 2)
        assert client.positions.get(STREAM) == before  # it applied neither
        remove = client.on("balance_update", lambda data, message: None)
        remove()
        remove()
    assert seen.offsets(STREAM)[-1] == offset
    records = [r for r in caplog.records if r.exc_info and "balance_update" in r.getMessage()]
    assert len(records) == 2


async def cursor(server: Server, device: str) -> int:
    """Return where a device without a position of its own would go on."""
    probe = await connect(server, ALICE, device=device)
    await probe.close()
    return int(probe.greeting["positions"][STREAM]["offset"])


async def stored(server: Server, device: str, offset: int) -> None:
    async with asyncio.timeout(10 * PATIENCE):
        while await cursor(server, device) != offset:
            await asyncio.sleep(0.1)


async def test_an_event_is_acknowledged_when_its_handlers_have_returned(served: Server) -> None:
    release = asyncio.Event()

    async def wait(data: Any, message: Any) -> None:
        if data["available_balance"] == "2":
            await release.wait()

    async with online(served, device="slow-handler") as (client, _):
        client.on("balance_update", wait)
        first, second = (push_balance(served, ALICE, number)["offset"] for number in (1, 2))
        await stored(served, "slow-handler", first)
        # The second came with it, and its handler is at work for more than an ack's second.
        await asyncio.sleep(1.5)
        assert await cursor(served, "slow-handler") == first
        release.set()
        await until(lambda: client.positions[STREAM] == second)
    # The last ack went out when it stopped, whatever the second.
    assert await cursor(served, "slow-handler") == second


async def test_acks_are_gathered(served: Server) -> None:
    async with online(served, device="gatherer") as (client, seen):
        began = time.monotonic()
        for number in range(30):
            pushed = await asyncio.to_thread(push_balance, served, ALICE, number)
        last = pushed["offset"]
        await until(lambda: last in [m["data"]["offset"] for m in seen.of("acked")])
        mine = [m for m in seen.of("acked") if m["data"]["stream"] == STREAM]
        assert len(mine) <= time.monotonic() - began + 1


async def test_a_client_without_acks_acknowledges_no_event(served: Server) -> None:
    async with online(served, device="onlooker", ack=False) as (client, seen):
        before = await cursor(served, "onlooker")
        push_balance(served, ALICE, 1)
        await until(lambda: seen.of("balance_update"))
    assert await cursor(served, "onlooker") == before


async def test_another_client_resumes_from_stored_positions(served: Server) -> None:
    async with online(served) as (client, seen):
        push_balance(served, ALICE, 1)
        await until(lambda: seen.of("balance_update"))
    missed = [push_balance(served, ALICE, number)["offset"] for number in range(5)]
    again, later = client_of(served, ALICE, positions=client.positions, epoch=client.epoch)
    async with again:
        await until(lambda: len(later.of("balance_update")) == 5)
    assert later.offsets(STREAM) == missed
    # The first client goes on itself, too.
    async with client:
        await until(lambda: len(seen.of("balance_update")) == 6)
    assert seen.offsets(STREAM)[1:] == missed


async def test_rooms_are_answered_one_by_one(served: Server) -> None:
    async with online(served) as (client, _):
        joined = await client.join("market:crypto", "market_data:TEST", rate="5s")
        assert [answer["room"] for answer in joined] == ["market:crypto", "market_data:TEST"]
        assert {answer["rate"] for answer in joined} == {"5s"}
        with pytest.raises(ServerError) as refused:
            await client.join("market:NO-SUCH", "market:BTC-USD")
        assert refused.value.code == "unknown_room"
        assert not refused.value.retryable
        listed = await client.list_rooms()
        assert set(listed["joined"]) == client.rooms
        assert client.rooms == {"market:crypto", "market_data:TEST", "market:BTC-USD"}
        await client.leave("market:crypto")
        assert client.rooms == {"market_data:TEST", "market:BTC-USD"}
        with pytest.raises(ServerError, match="not_joined"):
            await client.leave("market:crypto")
        assert await client.join() == []


async def test_a_request_without_a_server_times_out_and_one_after_the_end_fails() -> None:
    client = Client("ws://127.0.0.1:1/ws/notifications", getter(ALICE), request_timeout=0.2)
    seen = Seen(client)
    async with client:
        with pytest.raises(TimeoutError, match="no answer to list_rooms within"):
            await client.list_rooms()
        await until(lambda: any(state["retry_in"] is not None for state in seen.states))
        waiting = asyncio.create_task(client.wait_connected())
    with pytest.raises(ConnectionError, match="stopped"):
        await waiting
    with pytest.raises(ConnectionError, match="stopped"):
        await client.list_rooms()


async def test_a_filter_holds_and_leaves_no_gap(served: Server) -> None:
    async with online(served) as (client, seen):
        assert await client.subscribe("transaction", "security") == ["security", "transaction"]
        assert await client.unsubscribe("security") == ["transaction"]
        push_balance(served, ALICE, 1)
        push_transaction(served, ALICE)
        await until(lambda: seen.of("transaction_update"))
        assert not seen.of("balance_update")
        assert await client.unsubscribe() == []
        assert client.types == frozenset()
        push_balance(served, ALICE, 2)
        push_balance(served, ALICE, 3)
        await until(lambda: len(seen.of("balance_update")) == 2)
    assert [state["state"] for state in seen.states].count("connecting") == 1  # no gap was seen


async def test_a_token_is_renewed_before_its_end(served: Server) -> None:
    # A fifth of its life is left for a renewal, and must be longer than a busy machine pauses.
    get_token = getter(ALICE, seconds=6)
    began = time.monotonic()  # before the first token was made
    async with online(served, get_token=get_token) as (client, seen):
        await until(lambda: seen.of("authenticated"), seconds=20)
        # Not hammered, though the server warns of every one of these as soon as it sees it.
        assert time.monotonic() - began > 3
        push_balance(served, ALICE, 1)
        await until(lambda: seen.of("balance_update"))
        assert client.state == "connected"
    assert [state["state"] for state in seen.states].count("connecting") == 1
    assert get_token.asked[:2] == ["connect", "expiring"]


async def test_a_valid_token_is_used_again(served: Server) -> None:
    get_token = getter(ALICE)
    client, _ = client_of(served, ALICE, get_token=get_token)
    for _ in range(3):
        async with client:
            await client.wait_connected()
    assert get_token.asked == ["connect"]


async def test_a_missing_token_ends_the_client(served: Server) -> None:
    client, seen = client_of(served, ALICE, get_token=Giving(""))
    async with client:
        assert await client.wait_ended() == (None, "get_token gave no token")
        with pytest.raises(ConnectionError):
            await client.wait_connected()
        await until(lambda: seen.states[-1]["state"] == "disconnected")
        assert seen.states[-1]["retry_in"] is None


async def test_a_failing_get_token_is_called_again(served: Server) -> None:
    away = OSError("the login is away")
    get_token = Giving(away, away, token_for(ALICE))
    async with online(served, get_token=get_token):
        assert get_token.asked == ["connect"] * 3


async def test_a_refused_token_is_replaced(served: Server) -> None:
    get_token = Giving("nonsense", "nonsense", token_for(ALICE))
    async with online(served, get_token=get_token) as (_, seen):
        assert get_token.asked == ["connect", "refused", "refused"]
    assert [state["code"] for state in seen.states if state["code"]] == [4401, 4401]


async def test_the_third_refused_token_in_a_row_ends_the_client(served: Server) -> None:
    get_token = Giving("nonsense")
    client, _ = client_of(served, ALICE, get_token=get_token)
    async with client:
        assert await ended(client) == (4401, "token missing, invalid or expired")
    assert len(get_token.asked) == 3


async def test_a_handler_may_make_requests_and_stop_the_client(served: Server) -> None:
    client, seen = client_of(served, ALICE)
    rooms: list[Any] = []

    async def ask(data: Any, message: Any) -> None:
        rooms.append(await client.list_rooms())
        await client.stop()

    client.on("connection_established", ask)
    await client.start()
    assert await ended(client) == (None, "stopped")
    assert rooms
