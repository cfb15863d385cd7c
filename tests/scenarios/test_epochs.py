"""A new epoch of the whole deployment reaches devices that are connected, and those that are not.

The node compares its positions with the log once an hour only: what tells it is one row.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from tests.nodes import ALICE, BOB, connect, node, push_balance, reported
from tests.services.client import Client
from tests.services.ports import PATIENCE, until
from tests.services.server import Server

pytestmark = pytest.mark.servers
STREAM = f"user:{ALICE}"


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with node(DEBUG="1", WS_RECONCILE_SECONDS="3600") as server:
        yield server


async def told(client: Client) -> dict[str, str]:
    """Wait until a client was told of both of its streams; return their new epochs."""
    epochs: dict[str, str] = {}
    while len(epochs) < 2:
        data = (await client.receive("resync_required"))["data"]
        assert data["reason"] == "epoch"
        epochs[data["stream"]] = data["position"]["epoch"]
    return epochs


async def test_all_devices_are_told_without_a_look_at_their_streams(served: Server) -> None:
    offset = push_balance(served, ALICE, 1)["offset"]
    alice, bob = await connect(served, ALICE), await connect(served, BOB)
    await asyncio.to_thread(served.manage, "bump_epoch", "--all")
    async with asyncio.timeout(20 * PATIENCE):
        epochs = await told(alice)
        await told(bob)
    push_balance(served, ALICE, 2)
    update = await alice.receive("balance_update")
    assert (update["stream"], update["offset"]) == (STREAM, offset + 1)
    assert (await alice.ping())["data"]["positions"][STREAM]["epoch"] == epochs[STREAM]
    was_away = await connect(
        served, ALICE, since=f"user:{offset},announcements:0", epoch=alice.greeting["epoch"]
    )
    async with asyncio.timeout(20 * PATIENCE):
        assert await told(was_away) == epochs
    for client in (alice, bob, was_away):
        await client.close()


async def test_an_old_position_stays_good_when_nothing_has_begun_anew(served: Server) -> None:
    first = await connect(served, BOB)
    await first.close()
    offset = push_balance(served, BOB, 1)["offset"]
    since = f"user:{offset - 1},announcements:0"
    again = await connect(served, BOB, since=since, epoch=first.greeting["epoch"])
    assert (await again.receive("balance_update"))["offset"] == offset
    assert not [m for m in again.journal if m["type"] == "resync_required"]
    await again.close()


async def test_operators_see_the_epoch_and_which_node_serves_by_it(served: Server) -> None:
    await asyncio.to_thread(served.manage, "bump_epoch", "--all")
    shown = json.loads(await asyncio.to_thread(served.manage, "stats", "--json"))["epoch"]
    assert shown["deployment"]
    assert shown["began_at"]
    await until(lambda: reported(served)["nodes"][0]["epoch"] == shown["deployment"], seconds=10)
    text = await asyncio.to_thread(served.manage, "stats")
    assert f"EPOCH {shown['deployment']} since {shown['began_at']}" in text
