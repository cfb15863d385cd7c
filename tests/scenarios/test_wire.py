"""Every message of the protocol, over a real socket to a real server process."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from realtime.protocol import PROTOCOL_VERSION
from tests.nodes import ALICE, BOB, broadcast, connect, push_balance, token_for
from tests.services.client import Client
from tests.services.server import Server

pytestmark = pytest.mark.servers


async def test_it_greets_with_limits_and_positions(served: Server) -> None:
    alice, greeting = await connect(served, ALICE)
    async with alice:
        assert greeting["user_id"] == str(ALICE)
        assert greeting["protocol_version"] == PROTOCOL_VERSION
        assert greeting["limits"]["max_message_bytes"] == 65536
        assert greeting["positions"].keys() == {f"user:{ALICE}", "announcements"}
        assert greeting["epoch"] == ".".join(
            greeting["positions"][name]["epoch"] for name in (f"user:{ALICE}", "announcements")
        )


async def test_it_answers_ping_with_positions(served: Server) -> None:
    alice, greeting = await connect(served, ALICE)
    async with alice:
        await alice.send({"type": "ping", "id": "p"})
        pong = await alice.receive("pong")
        assert pong["id"] == "p"
        assert pong["data"]["positions"] == greeting["positions"]


async def test_it_sends_a_users_events_to_that_user_only(served: Server) -> None:
    alice, _ = await connect(served, ALICE)
    second, _ = await connect(served, ALICE)
    bob, _ = await connect(served, BOB)
    async with alice, second, bob:
        push_balance(served, ALICE, 111)
        for client in (alice, second):
            event = await client.receive("balance_update")
            assert event["data"]["available_balance"] == "111"
            assert event["stream"] == f"user:{ALICE}"
        await bob.expect_nothing(0.3, type="balance_update")


async def test_it_sends_announcements_to_everybody_whatever_is_subscribed(served: Server) -> None:
    alice, _ = await connect(served, ALICE)
    bob, _ = await connect(served, BOB)
    async with alice, bob:
        await bob.send({"type": "subscribe_notifications", "types": ["security"]})
        await bob.receive("subscription_updated")
        broadcast(served, "announcement", {"title": "Maintenance", "message": "Tonight."})
        for client in (alice, bob):
            event = await client.receive("system_announcement")
            assert event["data"]["title"] == "Maintenance"
            assert event["stream"] == "announcements"


async def test_a_subscription_is_really_applied_and_moves_the_position(served: Server) -> None:
    alice, _ = await connect(served, ALICE)
    async with alice:
        await alice.send({"type": "subscribe_notifications", "types": ["transaction"], "id": "s"})
        answer = await alice.receive("subscription_updated")
        assert (answer["id"], answer["data"]["types"]) == ("s", ["transaction"])
        offset = push_balance(served, ALICE, 1)["offset"]
        broadcast(
            served,
            "transaction",
            {"id": "9", "status": "completed", "amount": "5", "currency": "UGX"},
            f"?user_id={ALICE}",
        )
        event = await alice.receive("transaction_update")
        assert event["offset"] == offset + 1
        assert "balance_update" not in {message["type"] for message in alice.journal}
        await alice.send({"type": "unsubscribe_notifications"})
        assert (await alice.receive("subscription_updated"))["data"]["types"] == []
        push_balance(served, ALICE, 2)
        assert (await alice.receive("balance_update"))["offset"] == offset + 2


async def test_a_join_is_answered_then_a_snapshot_then_updates(served: Server) -> None:
    alice, _ = await connect(served, ALICE)
    async with alice:
        await alice.send({"type": "join_room", "room": "market_data", "id": "j"})
        joined = await alice.receive("room_joined")
        assert joined["id"] == "j"
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


async def test_the_test_room_always_moves(served: Server) -> None:
    alice, _ = await connect(served, ALICE)
    async with alice:
        await alice.send({"type": "join_room", "room": "market_data:TEST"})
        await alice.receive("room_joined")
        prices = [(await alice.receive("market_update"))["data"]["price"] for _ in range(4)]
        assert len(set(prices)) > 1


async def test_rooms_are_answered_one_by_one_and_those_that_are_unknown_by_one_error(
    served: Server,
) -> None:
    alice, _ = await connect(served, ALICE)
    async with alice:
        rooms = ["market:crypto", "market:NO-SUCH", "market:BTC-USD", "backoffice"]
        await alice.send({"type": "join_room", "rooms": rooms, "id": "many"})
        answers: list[dict[str, Any]] = []
        while len(answers) < 3:
            message = await alice.receive()
            if message.get("id") == "many":
                answers.append(message)
        assert [answer["type"] for answer in answers] == [
            "room_joined",
            "room_joined",
            "error",
        ]
        assert answers[2]["data"]["code"] == "unknown_room"
        assert answers[2]["data"]["rooms"] == ["market:NO-SUCH", "backoffice"]
        await alice.send({"type": "list_rooms", "id": "list"})
        listed = (await alice.receive("rooms"))["data"]
        assert listed["joined"] == ["market:BTC-USD", "market:crypto"]
        names = {room["name"]: room["joined"] for room in listed["rooms"]}
        assert names["market:crypto"]
        assert not names["market_data"]


async def test_a_room_that_was_left_is_silent(served: Server) -> None:
    alice, _ = await connect(served, ALICE)
    async with alice:
        await alice.send({"type": "join_room", "room": "market_data:TEST"})
        await alice.receive("market_update")
        await alice.send({"type": "leave_room", "room": "market_data:TEST", "id": "l"})
        assert (await alice.receive("room_left"))["id"] == "l"
        await alice.expect_nothing(1.2, type="market_update")
        await alice.send({"type": "leave_room", "room": "market_data:TEST"})
        assert (await alice.receive("error"))["data"]["code"] == "not_joined"


async def test_a_slower_rate_sends_the_newest_value_once_an_interval(served: Server) -> None:
    alice, _ = await connect(served, ALICE)
    async with alice:
        await alice.send({"type": "join_room", "room": "market_data:TEST", "rate": "1s"})
        joined = await alice.receive("room_joined")
        assert joined["data"]["rate"] == "1s"
        for _ in range(joined["data"]["snapshot"]):
            await alice.receive("market_update")
        times = []
        for _ in range(3):
            await alice.receive("market_update")
            times.append(asyncio.get_running_loop().time())
        # The room moves twice a second; thinned out, an interval lies between two messages.
        assert times[2] - times[0] > 1.5


async def test_an_ack_is_stored_and_a_device_resumes_from_it(served: Server) -> None:
    alice, _ = await connect(served, ALICE, device="phone-ack")
    stream = f"user:{ALICE}"
    async with alice:
        offsets = [push_balance(served, ALICE, number)["offset"] for number in (1, 2, 3)]
        for _ in offsets:
            await alice.receive("balance_update")
        await alice.send({"type": "ack", "stream": stream, "offset": offsets[1], "id": "a"})
        acked = await alice.receive("acked")
        assert (acked["id"], acked["data"]) == ("a", {"stream": stream, "offset": offsets[1]})
    again, greeting = await connect(served, ALICE, device="phone-ack")
    async with again:
        assert greeting["positions"][stream]["offset"] == offsets[1]
        event = await again.receive("balance_update")
        assert (event["offset"], event["data"]["available_balance"]) == (offsets[2], "3")


async def test_a_device_that_never_acked_resumes_from_where_it_first_connected(
    served: Server,
) -> None:
    first, _ = await connect(served, ALICE, device="tablet-new")
    await first.close()
    offset = push_balance(served, ALICE, 77)["offset"]
    again, _ = await connect(served, ALICE, device="tablet-new")
    async with again:
        assert (await again.receive("balance_update"))["offset"] == offset


async def test_who_was_away_gets_exactly_what_was_missed_in_order(served: Server) -> None:
    alice, greeting = await connect(served, ALICE)
    await alice.close()
    stream = f"user:{ALICE}"
    position = greeting["positions"][stream]["offset"]
    missed = [push_balance(served, ALICE, number)["offset"] for number in range(250)]
    back, _ = await connect(
        served, ALICE, since=f"user:{position},announcements:0", epoch=greeting["epoch"]
    )
    async with back:
        events = [await back.receive("balance_update") for _ in missed]
        assert [event["offset"] for event in events] == missed
        live = push_balance(served, ALICE, 999)["offset"]
        assert (await back.receive("balance_update"))["offset"] == live == missed[-1] + 1


async def test_a_resumed_subscription_holds_for_what_was_missed_too(served: Server) -> None:
    alice, greeting = await connect(served, ALICE)
    await alice.close()
    position = greeting["positions"][f"user:{ALICE}"]["offset"]
    push_balance(served, ALICE, 1)
    body = {"id": "9", "status": "completed", "amount": "5", "currency": "UGX"}
    broadcast(served, "transaction", body, f"?user_id={ALICE}")
    back, _ = await connect(served, ALICE, since=f"user:{position}", query={"types": "transaction"})
    async with back:
        assert (await back.receive("transaction_update"))["offset"] == position + 2
        assert "balance_update" not in {message["type"] for message in back.journal}


@pytest.mark.parametrize(
    ("since", "epoch", "reason"),
    [("user:999999", None, "ahead"), ("user:0", "0000.1111", "epoch")],
)
async def test_a_past_that_cannot_be_continued_asks_for_a_snapshot(
    served: Server, since: str, epoch: str | None, reason: str
) -> None:
    push_balance(served, BOB, 1)
    bob, greeting = await connect(served, BOB, since=since, epoch=epoch)
    async with bob:
        required = await bob.receive("resync_required")
        assert required["data"]["stream"] == f"user:{BOB}"
        assert required["data"]["reason"] == reason
        assert required["data"]["position"] == greeting["positions"][f"user:{BOB}"]
        assert required["data"]["snapshot"] == "/api/v1/snapshot"
        push_balance(served, BOB, 5)
        event = await bob.receive("balance_update")
        assert event["offset"] == required["data"]["position"]["offset"] + 1


BAD_MESSAGES: list[tuple[str, str]] = [
    ("{", "invalid_json"),
    ("[]", "invalid_message"),
    ("[" * 50_000, "invalid_message"),
    ('{"type":"ping","x":' + "[" * 50_000, "invalid_message"),
    ('{"type":"ping","type":"ping"}', "invalid_message"),
    ('{"type":"ping","id":"1","id":"2"}', "invalid_message"),
    ('{"type":"ack","stream":"announcements","offset":NaN}', "invalid_json"),
    ('{"type":"ack","stream":"announcements","offset":1e400}', "invalid_message"),
    ('{"type":"ack","stream":"announcements","offset":9007199254740992}', "invalid_message"),
    ('{"type":"join_room","room":"\\ud800"}', "invalid_json"),
    ('{"type":"no_such"}', "unknown_type"),
    ('{"type":"join_room"}', "invalid_message"),
    ('{"type":"ping","surplus":1}', "invalid_message"),
    ('{"type":"join_room","room":17}', "invalid_message"),
    ('{"type":"join_room","room":"accounts:1"}', "unknown_room"),
    (
        json.dumps({"type": "join_room", "rooms": [f"r{n}" for n in range(5_000)]}),
        "invalid_message",
    ),
    ('{"type":"ack","stream":"announcements","offset":-1}', "invalid_message"),
    ('{"type":"ack","stream":"user:2","offset":0}', "unknown_stream"),
    ('{"type":"subscribe_notifications","types":["everything"]}', "invalid_message"),
    ('{"type":"authenticate","token":"nonsense"}', "invalid_token"),
]


async def test_bad_input_gets_one_error_and_the_socket_stays_open(served: Server) -> None:
    alice, _ = await connect(served, ALICE)
    async with alice:
        for text, code in BAD_MESSAGES:
            await alice.connection.send(text)
            error = await alice.receive("error")
            assert error["data"]["code"] == code, text[:50]
            assert error["data"]["message"]
            assert error["data"]["retryable"] is False
        await alice.send({"type": "ping", "id": "still here"})
        assert (await alice.receive("pong"))["id"] == "still here"
    assert "Traceback" not in served.log()


async def test_every_way_to_bring_a_token_works_and_none_reaches_the_log(served: Server) -> None:
    ways: list[dict[str, Any]] = []
    for _ in range(3):
        token = token_for(ALICE)
        ways = [
            {"token": token},
            {"headers": {"Authorization": f"Bearer {token}"}},
            {"subprotocols": ["hoardrun.v1", f"bearer.{token}"]},
        ]
    for way in ways:
        async with await Client.open(served.ws_url, **way) as client:
            greeting = await client.receive("connection_established")
            assert greeting["data"]["user_id"] == str(ALICE)
            chosen = client.connection.subprotocol
            assert chosen == ("hoardrun.v1" if "subprotocols" in way else None)
    token = token_for(BOB)
    async with await Client.open(served.ws_url) as client:
        await client.send({"type": "authenticate", "token": token, "id": "in"})
        assert (await client.receive("authenticated"))["id"] == "in"
        assert (await client.receive("connection_established"))["data"]["user_id"] == str(BOB)
    log = served.log()
    assert token not in log
    assert all(way["token"] not in log for way in ways if "token" in way)


async def test_a_login_is_renewed_in_place(served: Server) -> None:
    alice = await Client.open(served.ws_url, token=token_for(ALICE, seconds=2))
    async with alice:
        first = await alice.receive("connection_established")
        await alice.send({"type": "authenticate", "token": token_for(ALICE), "id": "renew"})
        renewed = await alice.receive("authenticated")
        assert renewed["id"] == "renew"
        assert renewed["data"]["expires_at"] > first["data"]["expires_at"]
        await alice.expect_nothing(2.5, type="error")
        await alice.send({"type": "ping"})
        await alice.receive("pong")
