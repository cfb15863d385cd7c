"""Every message of the protocol, over a real socket to a real server process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from realtime.protocol import PROTOCOL_VERSION
from tests.nodes import ALICE, BOB, broadcast, connect, push_balance, push_transaction, token_for
from tests.services.client import Client
from tests.services.server import Server

pytestmark = pytest.mark.servers


@pytest.fixture
async def alice(served: Server) -> AsyncIterator[Client]:
    async with await connect(served, ALICE) as client:
        yield client


@pytest.fixture
async def bob(served: Server) -> AsyncIterator[Client]:
    async with await connect(served, BOB) as client:
        yield client


async def test_the_greeting_has_limits_and_positions(alice: Client) -> None:
    assert alice.greeting["user_id"] == str(ALICE)
    assert alice.greeting["protocol_version"] == PROTOCOL_VERSION
    assert alice.greeting["limits"]["max_message_bytes"] == 65536
    assert alice.greeting["positions"].keys() == {f"user:{ALICE}", "announcements"}
    assert alice.greeting["epoch"] == ".".join(
        alice.greeting["positions"][name]["epoch"] for name in (f"user:{ALICE}", "announcements")
    )


async def test_a_pong_has_positions(alice: Client) -> None:
    pong = await alice.request(type="ping")
    assert pong["data"]["positions"] == alice.greeting["positions"]


async def test_the_events_of_a_user_reach_that_user_only(
    served: Server, alice: Client, bob: Client
) -> None:
    async with await connect(served, ALICE) as second:
        push_balance(served, ALICE, 111)
        for client in (alice, second):
            event = await client.receive("balance_update")
            assert event["data"]["available_balance"] == "111"
            assert event["stream"] == f"user:{ALICE}"
        await bob.expect_nothing(0.3, type="balance_update")


async def test_announcements_reach_every_user_with_any_subscription(
    served: Server, alice: Client, bob: Client
) -> None:
    await bob.request(type="subscribe_notifications", types=["security"])
    broadcast(served, "announcement", {"title": "Maintenance", "message": "Tonight."})
    for client in (alice, bob):
        event = await client.receive("system_announcement")
        assert event["data"]["title"] == "Maintenance"
        assert event["stream"] == "announcements"


async def test_a_subscription_filters_events_and_still_counts_them(
    served: Server, alice: Client
) -> None:
    answer = await alice.request(type="subscribe_notifications", types=["transaction"])
    assert answer["type"] == "subscription_updated"
    assert answer["data"]["types"] == ["transaction"]
    offset = push_balance(served, ALICE, 1)["offset"]
    push_transaction(served, ALICE)
    event = await alice.receive("transaction_update")
    assert event["offset"] == offset + 1
    assert "balance_update" not in {message["type"] for message in alice.journal}
    assert (await alice.request(type="unsubscribe_notifications"))["data"]["types"] == []
    push_balance(served, ALICE, 2)
    assert (await alice.receive("balance_update"))["offset"] == offset + 2


async def test_a_join_is_followed_by_a_snapshot_and_then_by_updates(alice: Client) -> None:
    joined = await alice.request(type="join_room", room="market_data")
    assert joined["type"] == "room_joined"
    assert joined["room"] == joined["data"]["room"] == "market_data"
    assert joined["data"]["snapshot"] > 0
    symbols = set()
    for _ in range(joined["data"]["snapshot"]):
        message = await alice.receive()
        assert (message["type"], message["room"]) == ("market_update", "market_data")
        symbols.add(message["data"]["symbol"])
        assert isinstance(message["data"]["price"], str)
    assert len(symbols) == joined["data"]["snapshot"]
    assert (await alice.receive("market_update"))["data"]["symbol"] in symbols


async def test_the_prices_of_the_test_room_change(alice: Client) -> None:
    await alice.join("market_data:TEST")
    prices = [(await alice.receive("market_update"))["data"]["price"] for _ in range(4)]
    assert len(set(prices)) > 1


async def test_each_joined_room_has_an_answer_and_all_unknown_ones_share_an_error(
    alice: Client,
) -> None:
    rooms = ["market:crypto", "market:NO-SUCH", "market:BTC-USD", "backoffice"]
    await alice.send({"type": "join_room", "rooms": rooms, "id": "many"})
    answers: list[dict[str, Any]] = []
    while len(answers) < 3:
        message = await alice.receive()
        if message.get("id") == "many":
            answers.append(message)
    assert [answer["type"] for answer in answers] == ["room_joined", "room_joined", "error"]
    assert answers[2]["data"]["code"] == "unknown_room"
    assert answers[2]["data"]["rooms"] == ["market:NO-SUCH", "backoffice"]
    listed = (await alice.request(type="list_rooms"))["data"]
    assert listed["joined"] == ["market:BTC-USD", "market:crypto"]
    names = {room["name"]: room["joined"] for room in listed["rooms"]}
    assert names["market:crypto"]
    assert not names["market_data"]


async def test_a_room_that_was_left_sends_nothing(alice: Client) -> None:
    await alice.join("market_data:TEST")
    await alice.receive("market_update")
    left = await alice.request(type="leave_room", room="market_data:TEST")
    assert left["type"] == "room_left"
    await alice.expect_nothing(1.2, type="market_update")
    again = await alice.request(type="leave_room", room="market_data:TEST")
    assert again["data"]["code"] == "not_joined"


async def test_a_slower_rate_sends_the_newest_value_once_an_interval(alice: Client) -> None:
    joined = await alice.request(type="join_room", room="market_data:TEST", rate="1s")
    assert joined["data"]["rate"] == "1s"
    for _ in range(joined["data"]["snapshot"]):
        await alice.receive("market_update")
    times = []
    for _ in range(5):
        await alice.receive("market_update")
        times.append(asyncio.get_running_loop().time())
    # The room moves twice a second: five would take two seconds. Thinned out, they take four,
    # less by as much as the first one came late.
    assert times[-1] - times[0] > 2.5


async def test_an_ack_is_stored_and_a_device_resumes_from_it(served: Server) -> None:
    alice = await connect(served, ALICE, device="phone-ack")
    stream = f"user:{ALICE}"
    async with alice:
        offsets = [push_balance(served, ALICE, number)["offset"] for number in (1, 2, 3)]
        for _ in offsets:
            await alice.receive("balance_update")
        acked = await alice.request(type="ack", stream=stream, offset=offsets[1])
        assert acked["data"] == {"stream": stream, "offset": offsets[1]}
    async with await connect(served, ALICE, device="phone-ack") as again:
        assert again.greeting["positions"][stream]["offset"] == offsets[1]
        event = await again.receive("balance_update")
        assert (event["offset"], event["data"]["available_balance"]) == (offsets[2], "3")


async def test_a_device_without_an_ack_resumes_from_its_first_connection(served: Server) -> None:
    first = await connect(served, ALICE, device="tablet-new")
    await first.close()
    offset = push_balance(served, ALICE, 77)["offset"]
    async with await connect(served, ALICE, device="tablet-new") as again:
        assert (await again.receive("balance_update"))["offset"] == offset


async def test_a_returning_client_gets_each_missed_event_in_order(served: Server) -> None:
    alice = await connect(served, ALICE)
    await alice.close()
    stream = f"user:{ALICE}"
    position = alice.greeting["positions"][stream]["offset"]
    missed = [push_balance(served, ALICE, number)["offset"] for number in range(250)]
    back = await connect(
        served, ALICE, since=f"user:{position},announcements:0", epoch=alice.greeting["epoch"]
    )
    async with back:
        events = [await back.receive("balance_update") for _ in missed]
        assert [event["offset"] for event in events] == missed
        live = push_balance(served, ALICE, 999)["offset"]
        assert (await back.receive("balance_update"))["offset"] == live == missed[-1] + 1


async def test_a_subscription_filters_missed_events_too(served: Server) -> None:
    alice = await connect(served, ALICE)
    await alice.close()
    position = alice.greeting["positions"][f"user:{ALICE}"]["offset"]
    push_balance(served, ALICE, 1)
    push_transaction(served, ALICE)
    back = await connect(served, ALICE, since=f"user:{position}", query={"types": "transaction"})
    async with back:
        assert (await back.receive("transaction_update"))["offset"] == position + 2
        assert "balance_update" not in {message["type"] for message in back.journal}


@pytest.mark.parametrize(
    ("since", "epoch", "reason"),
    [("user:999999", None, "ahead"), ("user:0", "0000.1111", "epoch")],
)
async def test_a_position_that_cannot_be_resumed_requires_a_snapshot(
    served: Server, since: str, epoch: str | None, reason: str
) -> None:
    push_balance(served, BOB, 1)
    async with await connect(served, BOB, since=since, epoch=epoch) as bob:
        required = await bob.receive("resync_required")
        assert required["data"]["stream"] == f"user:{BOB}"
        assert required["data"]["reason"] == reason
        assert required["data"]["position"] == bob.greeting["positions"][f"user:{BOB}"]
        assert required["data"]["snapshot"] == "/api/v1/snapshot"
        push_balance(served, BOB, 5)
        event = await bob.receive("balance_update")
        assert event["offset"] == required["data"]["position"]["offset"] + 1


BAD_MESSAGES: list[tuple[str, str]] = [
    ("{", "invalid_json"),
    ("[" * 50_000, "invalid_message"),
    ('{"type":"ping","x":' + "[" * 50_000, "invalid_message"),
    ('{"type":"ping","type":"ping"}', "invalid_message"),
    ('{"type":"ping","id":"1","id":"2"}', "invalid_message"),
    ('{"type":"ack","stream":"announcements","offset":NaN}', "invalid_json"),
    ('{"type":"ack","stream":"announcements","offset":1e400}', "invalid_message"),
    ('{"type":"ack","stream":"announcements","offset":9007199254740992}', "invalid_message"),
    ('{"type":"join_room","room":"\\ud800"}', "invalid_json"),
    ('{"type":"no_such"}', "unknown_type"),
    ('{"type":"join_room","room":"accounts:1"}', "unknown_room"),
    ('{"type":"ack","stream":"user:2","offset":0}', "unknown_stream"),
    ('{"type":"authenticate","token":"nonsense"}', "invalid_token"),
]


async def test_each_bad_message_gets_one_error_and_the_socket_stays_open(
    served: Server, alice: Client
) -> None:
    for text, code in BAD_MESSAGES:
        await alice.connection.send(text)
        error = await alice.receive("error")
        assert error["data"]["code"] == code, text[:50]
        assert error["data"]["message"]
        assert error["data"]["retryable"] is False
    await alice.ping()
    assert "Traceback" not in served.log()


@pytest.mark.parametrize("way", ["query", "header", "subprotocol"])
async def test_a_token_may_come_in_each_part_of_the_handshake(served: Server, way: str) -> None:
    token = token_for(ALICE)
    ways: dict[str, dict[str, Any]] = {
        "query": {"token": token},
        "header": {"headers": {"Authorization": f"Bearer {token}"}},
        "subprotocol": {"subprotocols": ["hoardrun.v1", f"bearer.{token}"]},
    }
    async with await Client.open(served.ws_url, **ways[way]) as client:
        await client.receive("connection_established")
        assert client.greeting["user_id"] == str(ALICE)
        chosen = client.connection.subprotocol
        assert chosen == ("hoardrun.v1" if way == "subprotocol" else None)


async def test_a_token_may_come_in_a_message(served: Server) -> None:
    async with await Client.open(served.ws_url) as client:
        answer = await client.request(type="authenticate", token=token_for(BOB))
        assert answer["type"] == "authenticated"
        await client.receive("connection_established")
        assert client.greeting["user_id"] == str(BOB)


async def test_a_login_is_renewed_in_place(served: Server) -> None:
    alice = await Client.open(served.ws_url, token=token_for(ALICE, seconds=4))
    async with alice:
        first = await alice.receive("connection_established")
        renewed = await alice.request(type="authenticate", token=token_for(ALICE))
        assert renewed["type"] == "authenticated"
        assert renewed["data"]["expires_at"] > first["data"]["expires_at"]
        await alice.expect_nothing(4.5, type="error")
        await alice.ping()
