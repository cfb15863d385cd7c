"""A named device gets each event after its last ack, or is told to resynchronise."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.nodes import ALICE, broadcast, connect, node, push_balance
from tests.services.client import Client
from tests.services.server import Server

pytestmark = pytest.mark.servers
STREAM = f"user:{ALICE}"

# A failover that loses the newest event, and an operator that follows the documentation.
LOSE_THE_NEWEST = """
from realtime import log
from realtime.models import Event, Stream
stream = Stream.objects.get(name="user:1")
Event.objects.filter(stream=stream, offset=stream.head).delete()
Stream.objects.filter(pk=stream.pk).update(head=stream.head - 1)
log.bump_epoch(["user:1"])
"""
# Ninety days without an announcement.
AGE = """
from datetime import timedelta
from django.utils import timezone
from realtime.models import Cursor
old = Cursor.objects.filter(stream__name="announcements", device="daily")
assert old.update(updated_at=timezone.now() - timedelta(days=91)) == 1
"""
TRIM = "from realtime.cluster import retention; retention.apply()"


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    """A node of our own: what these tests do to its log is not for others."""
    with node(DEBUG="1", WS_RECONCILE_SECONDS="0.5") as server:
        yield server


async def until_number(client: Client, number: int) -> list[dict[str, Any]]:
    """Read up to a balance update; return all of the stream, and what else it was told."""
    while (await client.receive("balance_update"))["data"]["available_balance"] != str(number):
        pass
    return client.journal


async def test_an_ack_from_before_a_resynchronisation_counts_for_nothing(served: Server) -> None:
    phone = await connect(served, ALICE, device="phone")
    for number in (1, 2, 3):
        push_balance(served, ALICE, number)
    last = (await until_number(phone, 3))[-1]["offset"]
    phone.drop()
    await asyncio.to_thread(served.shell, LOSE_THE_NEWEST)
    push_balance(served, ALICE, 103)  # of the same number as the one that was lost
    push_balance(served, ALICE, 104)
    phone = await connect(
        served, ALICE, device="phone", since={STREAM: last}, epoch=phone.greeting["epoch"]
    )
    answer = await phone.request(type="ack", stream=STREAM, offset=last)
    told = [m["data"]["stream"] for m in phone.journal if m["type"] == "resync_required"]
    assert told == [STREAM]
    assert (answer["type"], answer["data"]["code"]) == ("error", "invalid_offset")
    phone.drop()  # before it has read the snapshot
    phone = await connect(served, ALICE, device="phone")
    assert (await phone.receive("resync_required"))["data"]["reason"] == "epoch"
    await phone.close()


async def test_a_new_device_is_told_to_resynchronise_until_it_has(served: Server) -> None:
    push_balance(served, ALICE, 1)
    for since in ({"since": "user:0", "epoch": "dead.beef"}, {}, {}):
        tab = await connect(served, ALICE, device="tab", **since)
        told = (await tab.receive("resync_required"))["data"]
        assert (told["stream"], told["reason"]) == (STREAM, "epoch")
        await tab.ping()
        await tab.close()
    tab = await connect(served, ALICE, device="tab")
    offset = push_balance(served, ALICE, 2)["offset"]
    await until_number(tab, 2)
    assert (await tab.request(type="ack", stream=STREAM, offset=offset))["type"] == "acked"
    await tab.close()
    push_balance(served, ALICE, 3)
    tab = await connect(served, ALICE, device="tab")
    told = await until_number(tab, 3)
    assert STREAM not in [m["data"]["stream"] for m in told if m["type"] == "resync_required"]
    await tab.close()


async def test_a_device_in_daily_use_keeps_its_cursor_of_a_silent_stream(served: Server) -> None:
    phone = await connect(served, ALICE, device="daily")
    first = broadcast(served, "announcement", {"title": "Once", "message": "m"})["offset"]
    await phone.receive("system_announcement")
    await phone.request(type="ack", stream="announcements", offset=first)
    await phone.close()
    await asyncio.to_thread(served.shell, AGE)
    today = await connect(served, ALICE, device="daily")
    # Its answer comes once what its connecting wrote is stored.
    await today.request(type="ack", stream="announcements", offset=first)
    await today.close()
    await asyncio.to_thread(served.shell, TRIM)
    missed = broadcast(served, "announcement", {"title": "Missed", "message": "m"})["offset"]
    tomorrow = await connect(served, ALICE, device="daily")
    assert (await tomorrow.receive("system_announcement"))["offset"] == missed
    await tomorrow.close()
