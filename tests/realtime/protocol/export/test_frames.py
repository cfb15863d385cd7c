"""A real server sends each type of message as its AsyncAPI document describes it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from realtime.protocol.commands import COMMAND_TYPES
from realtime.protocol.messages import PAYLOADS
from tests.nodes import (
    ALICE,
    STAFF,
    USERS,
    broadcast,
    connect,
    push_balance,
    push_transaction,
    token_for,
)
from tests.realtime.protocol.export.schema import Schema
from tests.services.client import Client, Message
from tests.services.ports import wait_until
from tests.services.server import Server

pytestmark = pytest.mark.servers

RIGHTS = """
User.objects.get(username="charlie").user_permissions.add(
    *Permission.objects.filter(codename__in=["view_node", "delete_connection", "view_source"])
)
"""
CANDLE = """
from datetime import UTC, datetime
from hoardrun.market.models import Candle, Instrument
from hoardrun.market.services import instruments_ensure
instruments_ensure()
Candle.objects.create(
    instrument=Instrument.objects.get(symbol="BTC-USD"), minutes=1, source="kraken",
    bucket=datetime(2026, 3, 1, 9, 30, tzinfo=UTC), open=6425010, high=6425200, low=6424000,
    close=6425100, volume=120410000, trades=14, is_closed=True, is_indicative=False,
)
"""
# What the room of payments tells of, and who is asked for the name of a payee: nobody is there.
PROVIDER = {
    "PAYMENTS_PROVIDERS": "mtn",
    "PAYMENTS_CALLBACK_URL": "https://bank.example",
    "MTN_URL": "http://127.0.0.1:9",
    "MTN_ENVIRONMENT": "sandbox",
    "MTN_CURRENCIES": "EUR",
    "MTN_COLLECTION_USER": "user",
    "MTN_COLLECTION_KEY": "key",
    "MTN_COLLECTION_SUBSCRIPTION_KEY": "collects",
    "MTN_DISBURSEMENT_USER": "user",
    "MTN_DISBURSEMENT_KEY": "key",
    "MTN_DISBURSEMENT_SUBSCRIPTION_KEY": "pays",
}
# Each command, and the type of what answers it.
COMMANDS: list[tuple[dict[str, Any], str]] = [
    ({"type": "ping"}, "pong"),
    ({"type": "join_room", "room": "market:crypto", "rate": "5s"}, "room_joined"),
    ({"type": "list_rooms"}, "rooms"),
    ({"type": "leave_room", "rooms": ["market:crypto"]}, "room_left"),
    ({"type": "leave_room", "rooms": ["market:crypto"]}, "error"),
    ({"type": "subscribe_notifications", "types": ["balance"]}, "subscription_updated"),
    ({"type": "unsubscribe_notifications"}, "subscription_updated"),
    ({"type": "ack", "stream": "user:1", "offset": 0}, "acked"),
    ({"type": "presence", "state": "active"}, "presence_updated"),
    ({"type": "authenticate", "token": ""}, "authenticated"),  # the token is made when it is sent
]


@pytest.fixture
def server() -> Iterator[Server]:
    env = {"DEBUG": "1", "SIMULATE_MARKET": "1"} | PROVIDER
    with Server(env=env, prepare=USERS + RIGHTS + CANDLE) as server:
        yield server


async def test_each_message_is_as_described(server: Server) -> None:
    schema = Schema(server.request("GET", "/ws/schema").json())
    alice = await connect(server, ALICE, device="phone", since="announcements:9")
    other = await connect(server, ALICE)
    staff = await connect(server, STAFF)
    late = await Client.open(server.ws_url)
    async with alice, other, staff, late:
        await _ask_everything(schema, alice)
        await staff.send({"type": "join_room", "rooms": ["nodes", "market_feeds"]})
        await staff.receive("node_report")
        await staff.receive("market_feed")
        await alice.send({"type": "join_room", "room": "candles:BTC-USD:1m"})
        await alice.receive("candle_update")
        await late.send({"type": "authenticate", "token": token_for(ALICE, seconds=50)})
        await late.receive("token_expiring", timeout=20)
        await late.send("this is not JSON")
        await late.receive("error")
        await asyncio.to_thread(_push_everything, server)
        for type in ("transaction_update", "balance_update", "system_announcement"):
            await alice.receive(type)
        shown = await alice.receive("notification")
        await asyncio.to_thread(_read, server, shown["data"]["id"])
        await alice.receive("notification_updated")
        await asyncio.to_thread(_choose, server)
        await alice.receive("preferences_changed")
        await asyncio.to_thread(_know, server)
        await alice.receive("payee_changed")
        await asyncio.to_thread(_wait_for, server)
        await alice.receive("price_alert_changed")
        await asyncio.to_thread(_echo, server)
        await alice.receive("echo")
        followed = await asyncio.to_thread(_follow, server)
        await alice.send({"type": "join_room", "room": f"watchlist:{followed}"})
        await alice.receive("watchlist_changed")
        await asyncio.to_thread(_close, server, other.greeting["connection_id"])
        await alice.receive("access_changed")
        await alice.send({"type": "join_room", "room": "payments"})
        await alice.receive("provider_health")
        stopping = asyncio.create_task(asyncio.to_thread(server.stop))
        await alice.receive("server_shutdown")
        await asyncio.gather(*(one.until_closed() for one in (alice, other, staff, late)))
        await stopping
    came = [message for one in (alice, other, staff, late) for message in one.journal]
    assert [(message, found) for message in came if (found := schema.complaints(message))] == []
    assert {message["type"] for message in came} == PAYLOADS.keys()
    _assert_that_only_described_fields_came(schema, came)


def _assert_that_only_described_fields_came(schema: Schema, came: list[Message]) -> None:
    """Notice what the schema, which lets surplus fields be, does not know."""
    for message in came:
        frame = schema.messages[message["type"]]["payload"]["properties"]
        assert message.keys() <= frame.keys(), message
        data = schema.resolve(frame["data"]["$ref"])
        assert message["data"].keys() <= data["properties"].keys(), message


async def _ask_everything(schema: Schema, client: Client) -> None:
    assert {command["type"] for command, _ in COMMANDS} == COMMAND_TYPES
    for number, (command, answer) in enumerate(COMMANDS):
        asked = {**command, "id": f"{number}"}
        if "token" in command:
            asked["token"] = token_for(ALICE)
        await client.send(asked)
        assert schema.complaints(asked) == []
        found = await client.until_answer(f"{number}")
        assert found["type"] == answer
        if answer == "room_joined":
            await client.receive("market_update")


def _push_everything(server: Server) -> None:
    push_transaction(server, ALICE)
    push_balance(server, ALICE, 5)
    broadcast(server, "announcement", {"title": "Maintenance", "message": "Tonight."})
    broadcast(server, "notification", {"title": "Hello", "message": "You."}, f"?user_id={ALICE}")


def _read(server: Server, notification_id: str) -> None:
    path = f"/api/v1/notifications/{notification_id}/read"
    assert server.request("POST", path, token=token_for(ALICE)).status == 200


def _choose(server: Server) -> None:
    path, night = "/api/v1/notifications/preferences", {"quiet_hours_start": "22:00"}
    night |= {"quiet_hours_end": "07:00", "timezone": "Africa/Kampala"}
    assert server.request("PUT", path, json=night, token=token_for(ALICE)).status == 200


def _know(server: Server) -> None:
    body = {"provider": "mtn", "currency": "EUR", "msisdn": "+256772123456", "name": "Amina"}
    assert server.request("POST", "/api/v1/payees", json=body, token=token_for(ALICE)).status == 201


def _wait_for(server: Server) -> None:
    body = {"symbol": "BTC-USD", "kind": "price_above", "threshold": "99999999"}
    path, token = "/api/v1/price-alerts", token_for(ALICE)
    assert server.request("POST", path, json=body, token=token).status == 201


def _echo(server: Server) -> None:
    answer = server.request("POST", "/api/v1/echo", json={"text": "Hello"}, token=token_for(ALICE))
    assert answer.status == 200


def _follow(server: Server) -> str:
    body, token = {"name": "Mine", "symbols": ["BTC-USD"]}, token_for(ALICE)
    answer = server.request("POST", "/api/v1/watchlists", json=body, token=token)
    assert answer.status == 201
    return str(answer.json()["id"])


def _close(server: Server, connection_id: str) -> None:
    """Close a connection, once the nodes have told of it."""
    path, token = f"/ws/connections/{connection_id}", token_for(STAFF)
    wait_until(
        lambda: server.request("DELETE", path, token=token).status == 202,
        seconds=10,
        what="the connection is known and closed",
    )
