"""Computed messages of an open socket follow the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.nodes import ALICE, broadcast, connect
from tests.services.client import Client
from tests.services.server import Server

pytestmark = pytest.mark.servers


async def test_an_expired_notification_leaves_the_count_of_an_open_socket(served: Server) -> None:
    client = await connect(served, ALICE)
    before = (await client.receive("notification_counts"))["data"]["unread"]
    soon = datetime.now(UTC) + timedelta(seconds=6)  # first it has to be counted
    body = {"user_id": ALICE, "title": "A code", "message": "m", "expires_at": soon.isoformat()}
    broadcast(served, "notification", body)
    counts = [(await client.receive("notification_counts"))["data"]["unread"] for _ in range(2)]
    assert counts == [before + 1, before]
    await client.close()


async def test_a_login_sends_the_counts_to_the_new_socket_alone(served: Server) -> None:
    clients = []
    for _ in range(3):
        clients.append(await connect(served, ALICE))
        await clients[-1].receive("notification_counts")
    for client in clients:
        await client.ping()
    assert [_counts(client) for client in clients] == [1, 1, 1]
    broadcast(served, "notification", {"user_id": ALICE, "title": "t", "message": "m"})
    for client in clients:  # a change is for all of them
        await client.receive("notification_counts")
        await client.close()


def _counts(client: Client) -> int:
    return sum(message["type"] == "notification_counts" for message in client.journal)
