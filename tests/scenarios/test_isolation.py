"""A hundred users, their streams and rooms: no user sees what belongs to another."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.nodes import connect
from tests.services.client import Client
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = pytest.mark.servers

USERS = 100
STAFF = 10  # of these, the first half may see nodes
_CREATE = """
from django.contrib.auth.models import Permission, User
from hoardrun.market.models import Instrument
users = User.objects.bulk_create(
    User(id=n, username=f"user-{n}", is_staff=n <= STAFF) for n in range(1, USERS + 1))
see = Permission.objects.get(codename="view_node")
for user in users[: STAFF // 2]:
    user.user_permissions.add(see)
for n in range(1, USERS + 1):
    Instrument.objects.create(symbol=f"SYM{n}", name=f"Symbol {n}", type="stock", currency="USD")
"""
_TELL = """
from hoardrun.ledger.services import account_open
from notifications.services import notification_create
from hoardrun.broadcasts.publish import broadcast_market_update
for round in range(3):
    for n in range(1, USERS + 1):
        canary = f"canary-{n}-end"
        notification_create(user_id=n, title=canary, message=canary, metadata={"c": canary})
        account_open(user_id=n, currency="UGX", name=f"{canary} {round}", opening_balance="1000")
        broadcast_market_update({"symbol": f"SYM{n}", "price": "1.5", "name": f"room-{n}-end"},
                                f"market:SYM{n}")
"""


async def test_no_canary_of_a_user_is_seen_by_another(redis: Redis) -> None:
    constants = f"USERS, STAFF = {USERS}, {STAFF}\n"
    env = {"REDIS_URL": redis.url, "WS_MAX_MESSAGE_BURST": "100"}
    with Server(env=env) as server:
        server.shell(constants + _CREATE)
        clients = await asyncio.gather(*(enter(server, n) for n in range(1, USERS + 1)))
        reading = [asyncio.create_task(read(client, n)) for n, client in enumerate(clients, 1)]
        await asyncio.to_thread(server.shell, constants + _TELL)
        await asyncio.gather(*reading)
        for number, client in enumerate(clients, 1):
            seen = json.dumps(client.journal)
            for other in range(1, USERS + 1):
                mine = other == number
                assert (f"canary-{other}-end" in seen) == mine, (number, other)
                # Each joined the room of its own symbol and that of the next.
                joined = other in {number, number % USERS + 1}
                assert (f"room-{other}-end" in seen) == joined, (number, other)
            streams = {m["stream"] for m in client.journal if "stream" in m}
            assert streams <= {f"user:{number}", "announcements"}
            assert "node_report" not in seen or number in WATCHERS
            await client.close()


WATCHERS = range(1, 1 + STAFF // 2)


async def enter(server: Server, number: int) -> Client:
    """Log in, join two rooms, and try what is another's."""
    client = await connect(server, number)
    rooms = [f"market:SYM{number}", f"market:SYM{number % USERS + 1}", "nodes"]
    other = number % USERS + 1
    forbidden = [f"user:{other}", f"user.{other}", f"stream.user.{other}", "announcements", "*"]
    for room in [*rooms, *forbidden]:
        answer = await client.request(type="join_room", room=room)
        allowed = room in rooms[:2] or (room == "nodes" and number in WATCHERS)
        assert answer["type"] == ("room_joined" if allowed else "error"), (number, room)
        if not allowed:
            assert answer["data"]["code"] == "unknown_room"  # existing or missing
    answer = await client.request(type="ack", stream=f"user:{other}", offset=0)
    assert answer["data"]["code"] == "unknown_stream"
    return client


async def read(client: Client, number: int) -> None:
    """Read until all of the user's own messages have come."""
    wanted = {"notification": 3, "balance_update": 3}
    found: dict[str, int] = dict.fromkeys(wanted, 0)
    async with asyncio.timeout(60):
        while any(found[kind] < count for kind, count in wanted.items()):
            message = await client.receive(timeout=60)
            if message["type"] in found:
                found[message["type"]] += 1
    rooms = {f"market:SYM{number}": 0, f"market:SYM{number % USERS + 1}": 0}
    for message in client.journal:
        if message.get("room") in rooms and message["type"] == "market_update":
            rooms[message["room"]] += 1
    async with asyncio.timeout(30):
        while min(rooms.values()) < 3:
            message = await client.receive("market_update", timeout=30)
            rooms[message["room"]] += 1
    for _ in range(20):  # and whatever else is on its way
        if await client.until_next(0.05) is None:
            break
