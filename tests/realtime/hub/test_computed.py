"""Computed messages of an open socket follow the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.nodes import ALICE, STAFF, connect, token_for
from tests.services.server import Server

pytestmark = pytest.mark.servers


async def test_an_expired_notification_leaves_the_count_of_an_open_socket(served: Server) -> None:
    client = await connect(served, ALICE)
    before = (await client.receive("notification_counts"))["data"]["unread"]
    soon = datetime.now(UTC) + timedelta(seconds=2)
    answer = served.request(
        "POST",
        "/ws/broadcast/notification",
        json={
            "user_id": ALICE,
            "title": "A code",
            "message": "It is good for a moment.",
            "expires_at": soon.isoformat(),
        },
        token=token_for(STAFF),
    )
    assert answer.status in {200, 201}, answer
    counts = [(await client.receive("notification_counts"))["data"]["unread"] for _ in range(2)]
    assert counts == [before + 1, before]
    await client.close()
