"""What a resume may cost is bounded by user and by address, and nothing is left out."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from hoardrun.ledger.messages import BalanceUpdate
from realtime import log
from realtime.core.continuity import StreamPosition
from realtime.hub.followed import FollowedStream
from realtime.hub.replay import BURST_SECONDS, ReplayBudgets
from realtime.hub.socket import Peer, Socket
from tests.realtime.rig import STREAM, Node, Notebook, offsets, turned

pytestmark = pytest.mark.django_db(transaction=True)

NEVER = 1e-6  # events a second


@sync_to_async
def append(count: int) -> log.StoredEvent:
    payload = BalanceUpdate(
        account_id="1", currency="UGX", available_balance="1", current_balance="1"
    )
    with transaction.atomic():
        return log.append([(STREAM, payload)] * count)[-1]


def behind(node: Node, end: log.StoredEvent, address: str, user_id: int) -> tuple[Socket, Notebook]:
    """Let a socket in that asks for everything."""
    socket, notebook = node.join()
    socket.connection.user_id, socket.peer = user_id, Peer(address, "")
    followed = node.streams.add(STREAM, socket)
    followed.place = StreamPosition(end.epoch, end.offset)
    socket.connection.places[STREAM] = StreamPosition(end.epoch, 0)
    node.streams.begin(socket, followed)
    return socket, notebook


def _followed(node: Node) -> FollowedStream:
    return node.streams.followed[STREAM]


async def test_a_replay_that_must_wait_leaves_nothing_out() -> None:
    end = await append(450)
    node = Node()
    node.streams._replay._budgets = ReplayBudgets(2000, 2000)
    node.streams._replay._budgets._users.charge(
        1, 2000 * BURST_SECONDS, asyncio.get_running_loop().time()
    )
    socket, notebook = behind(node, end, "192.0.2.1", 1)
    async with asyncio.timeout(10):
        while _followed(node).is_waiting(socket):
            await asyncio.sleep(0.005)
    await turned()
    assert offsets(notebook) == list(range(1, 451))


@pytest.mark.parametrize(
    ("rates", "address", "user_id", "waits"),
    [
        ((NEVER, 1e6), "192.0.2.1", 1, True),  # the same user, wherever
        ((NEVER, 1e6), "192.0.2.2", 1, True),
        ((NEVER, 1e6), "192.0.2.1", 2, False),
        ((1e6, NEVER), "192.0.2.1", 2, True),  # the same address, whichever user
        ((1e6, NEVER), "192.0.2.2", 1, False),
        ((1e6, NEVER), "::ffff:192.0.2.1", 2, True),  # the same in other words
    ],
)
async def test_a_page_is_charged_to_the_user_and_to_the_address(
    rates: tuple[float, float], address: str, user_id: int, waits: bool
) -> None:
    end = await append(10)
    node = Node()
    node.streams._replay._budgets = ReplayBudgets(*rates)
    first, _ = behind(node, end, "192.0.2.1", 1)
    async with asyncio.timeout(10):
        while _followed(node).is_waiting(first):
            await asyncio.sleep(0.005)
    second, notebook = behind(node, end, address, user_id)
    probe, _ = behind(node, end, "198.51.100.1", 3)  # as long as another takes that owes nothing
    async with asyncio.timeout(10):
        while _followed(node).is_waiting(probe):
            await asyncio.sleep(0.005)
    await turned()
    assert offsets(notebook) == ([] if waits else list(range(1, 11)))
    second.gone()
