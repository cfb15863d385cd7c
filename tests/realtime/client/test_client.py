"""What the client does by itself on a server that works."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import pytest

from realtime.client import Client, ServerError
from realtime.client.options import TokenIn
from tests.nodes import ALICE, BOB, broadcast, connect, push_balance, token_for
from tests.realtime.client.conftest import Seen, client_of, getter, until
from tests.services.ports import PATIENCE
from tests.services.server import Server

pytestmark = pytest.mark.servers
STREAM = f"user:{ALICE}"


async def test_it_greets_and_delivers_in_order(served: Server) -> None:
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
async def test_the_token_may_go_everywhere(
    served: Server, token_in: TokenIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client, _ = client_of(served, BOB, token_in=token_in)
    async with client:
        async with asyncio.timeout(10):
            assert (await client.wait_connected())["user_id"] == str(BOB)
        assert 0 < await client.ping() < 5
    assert "eyJ" not in caplog.text  # how every token begins


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match="no address of a WebSocket"):
        Client("http://localhost/ws/notifications", getter(ALICE))


async def test_a_handler_that_fails_stops_nothing_and_is_logged(
    served: Server, caplog: pytest.LogCaptureFixture
) -> None:
    client, seen = client_of(served, ALICE)

    def fail(data: Any, message: Any) -> None:
        raise RuntimeError("out of order")

    client.on("balance_update", fail)
    async with client:
        await client.wait_connected()
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
    probe, greeting = await connect(server, ALICE, device=device)
    await probe.close()
    return int(greeting["positions"][STREAM]["offset"])


async def stored(server: Server, device: str, offset: int) -> None:
    async with asyncio.timeout(10 * PATIENCE):
        while await cursor(server, device) != offset:
            await asyncio.sleep(0.1)


async def test_it_acknowledges_what_handlers_have_returned_from(served: Server) -> None:
    client, seen = client_of(served, ALICE, device="slow-handler")
    release = asyncio.Event()

    async def wait(data: Any, message: Any) -> None:
        if data["available_balance"] == "2":
            await release.wait()

    client.on("balance_update", wait)
    async with client:
        await client.wait_connected()
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
    client, seen = client_of(served, ALICE, device="gatherer")
    async with client:
        await client.wait_connected()
        began = time.monotonic()
        for number in range(30):
            pushed = await asyncio.to_thread(push_balance, served, ALICE, number)
        last = pushed["offset"]
        await until(lambda: last in [m["data"]["offset"] for m in seen.of("acked")])
        mine = [m for m in seen.of("acked") if m["data"]["stream"] == STREAM]
        assert len(mine) <= time.monotonic() - began + 1


async def test_an_onlooker_acknowledges_nothing(served: Server) -> None:
    client, seen = client_of(served, ALICE, device="onlooker", ack=False)
    async with client:
        await client.wait_connected()
        before = await cursor(served, "onlooker")
        push_balance(served, ALICE, 1)
        await until(lambda: seen.of("balance_update"))
    assert await cursor(served, "onlooker") == before


async def test_another_process_goes_on_from_stored_positions(served: Server) -> None:
    client, seen = client_of(served, ALICE)
    async with client:
        await client.wait_connected()
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
    client, _ = client_of(served, ALICE)
    async with client:
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


async def test_filters_are_followed(served: Server) -> None:
    client, seen = client_of(served, ALICE)
    body = {"id": "9", "status": "completed", "amount": "5", "currency": "UGX"}
    async with client:
        assert await client.subscribe("transaction", "security") == ["security", "transaction"]
        assert await client.unsubscribe("security") == ["transaction"]
        push_balance(served, ALICE, 1)
        broadcast(served, "transaction", body, f"?user_id={ALICE}")
        await until(lambda: seen.of("transaction_update"))
        assert not seen.of("balance_update")
        assert await client.unsubscribe() == []
        assert client.types == frozenset()
        push_balance(served, ALICE, 2)
        push_balance(served, ALICE, 3)
        await until(lambda: len(seen.of("balance_update")) == 2)
    assert [state["state"] for state in seen.states].count("connecting") == 1  # no gap was seen


async def test_the_end_of_a_token_passes_unseen(served: Server) -> None:
    get_token = getter(ALICE, seconds=3)
    client, seen = client_of(served, ALICE, get_token=get_token)
    async with client:
        await client.wait_connected()
        began = time.monotonic()
        await until(lambda: len(seen.of("authenticated")) >= 2)
        # Not hammered, though the server warns of every one of these as soon as it sees it.
        assert time.monotonic() - began > 2
        push_balance(served, ALICE, 1)
        await until(lambda: seen.of("balance_update"))
        assert client.state == "connected"
    assert [state["state"] for state in seen.states].count("connecting") == 1
    assert get_token.asked[:3] == ["connect", "expiring", "expiring"]


async def test_a_token_is_kept_while_it_lasts(served: Server) -> None:
    get_token = getter(ALICE)
    client, seen = client_of(served, ALICE, get_token=get_token)
    for _ in range(3):
        async with client:
            await client.wait_connected()
    assert get_token.asked == ["connect"]


async def test_no_token_ends_it(served: Server) -> None:
    async def get_token(reason: str) -> str | None:
        return ""

    client, seen = client_of(served, ALICE, get_token=get_token)
    async with client:
        assert await client.wait_ended() == (None, "get_token gave no token")
        with pytest.raises(ConnectionError):
            await client.wait_connected()
        await until(lambda: seen.states[-1]["state"] == "disconnected")
        assert seen.states[-1]["retry_in"] is None


async def test_a_get_token_that_fails_is_asked_again(served: Server) -> None:
    asked = []

    async def get_token(reason: str) -> str | None:
        asked.append(reason)
        if len(asked) < 3:
            raise OSError("the login is away")
        return token_for(ALICE)

    client, _ = client_of(served, ALICE, get_token=get_token)
    async with client:
        await client.wait_connected()
    assert asked == ["connect"] * 3


async def test_a_refused_token_is_replaced(served: Server) -> None:
    asked = []

    async def get_token(reason: str) -> str | None:
        asked.append(reason)
        return token_for(ALICE) if len(asked) == 3 else "nonsense"

    client, seen = client_of(served, ALICE, get_token=get_token)
    async with client:
        await client.wait_connected()
    assert asked == ["connect", "refused", "refused"]
    assert [state["code"] for state in seen.states if state["code"]] == [4401, 4401]


async def test_the_third_refusal_in_a_row_ends_it(served: Server) -> None:
    asked = []

    async def get_token(reason: str) -> str | None:
        asked.append(reason)
        return "nonsense"

    client, _ = client_of(served, ALICE, get_token=get_token)
    async with client:
        async with asyncio.timeout(20):
            code, reason = await client.wait_ended()
    assert (code, len(asked)) == (4401, 3)
    assert reason == "token missing, invalid or expired"


async def test_a_handler_may_ask_and_stop(served: Server) -> None:
    client, seen = client_of(served, ALICE)
    rooms: list[Any] = []

    async def ask(data: Any, message: Any) -> None:
        rooms.append(await client.list_rooms())
        await client.stop()

    client.on("connection_established", ask)
    await client.start()
    async with asyncio.timeout(10):
        assert await client.wait_ended() == (None, "stopped")
    assert rooms
