"""The cost of a resume is bounded by user and by address, and no event is left out."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from realtime import log
from realtime.core.continuity import StreamPosition
from realtime.hub import replay
from realtime.hub.replay import BURST_SECONDS, ReplayBudgets
from realtime.hub.socket import Peer, Socket
from realtime.log import reading
from tests.realtime.rig import STREAM, Node, Notebook, behind, logged, offsets, turned
from tests.services.ports import until

pytestmark = pytest.mark.django_db(transaction=True)

NEVER = 1e-6  # events a second


def replaying(
    node: Node, end: log.StoredEvent, address: str, user_id: int
) -> tuple[Socket, Notebook]:
    """Let a socket in that asks for everything."""
    start, head = StreamPosition(end.epoch, 0), StreamPosition(end.epoch, end.offset)
    peer = Peer(address, "")
    socket, notebook, _ = behind(node, start, head=head, user_id=user_id, peer=peer)
    return socket, notebook


async def replayed(node: Node, socket: Socket) -> None:
    await until(lambda: not node.streams.followed[STREAM].is_waiting(socket))


async def test_a_replay_that_must_wait_leaves_no_event_out() -> None:
    [*_, end] = await logged(*range(450))
    node = Node()
    node.streams._replay._budgets = ReplayBudgets(2000, 2000)
    node.streams._replay._budgets._users.charge(
        1, 2000 * BURST_SECONDS, asyncio.get_running_loop().time()
    )
    socket, notebook = replaying(node, end, "192.0.2.1", 1)
    await replayed(node, socket)
    await turned()
    assert offsets(notebook) == list(range(1, 451))


@pytest.mark.parametrize(
    ("rates", "address", "user_id", "waits"),
    [
        ((NEVER, 1e6), "192.0.2.1", 1, True),  # the same user, from any address
        ((NEVER, 1e6), "192.0.2.2", 1, True),
        ((NEVER, 1e6), "192.0.2.1", 2, False),
        ((1e6, NEVER), "192.0.2.1", 2, True),  # the same address, for any user
        ((1e6, NEVER), "192.0.2.2", 1, False),
        ((1e6, NEVER), "::ffff:192.0.2.1", 2, True),  # the same address, written as IPv6
    ],
)
async def test_a_page_is_charged_to_the_user_and_to_the_address(
    rates: tuple[float, float], address: str, user_id: int, waits: bool
) -> None:
    [*_, end] = await logged(*range(10))
    node = Node()
    node.streams._replay._budgets = ReplayBudgets(*rates)
    first, _ = replaying(node, end, "192.0.2.1", 1)
    await replayed(node, first)
    second, notebook = replaying(node, end, address, user_id)
    probe, _ = replaying(node, end, "198.51.100.1", 3)  # owes nothing, and takes as long
    for one in (probe,) if waits else (probe, second):
        await replayed(node, one)
    await turned()
    assert offsets(notebook) == ([] if waits else list(range(1, 11)))
    second.gone()


@pytest.mark.parametrize("is_shared", [True, False])
async def test_many_that_lack_the_same_pages_of_a_shared_stream_have_them_read_once(
    is_shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the last page of each, which says where the stream stands now."""
    monkeypatch.setattr(reading, "PAGE", 2)
    monkeypatch.setattr(replay, "KEPT_SECONDS", 3600.0)
    monkeypatch.setattr(replay, "stream_user", lambda name: None if is_shared else 1)
    [*_, end] = await logged(*range(12))
    node = Node()
    load, read = node.streams.pages.load, list[tuple[str, int]]()

    async def ask(key: tuple[str, int]) -> Any:
        read.append(key)
        return await load(key)

    asking: Any = SimpleNamespace(load=ask)
    node.streams.pages = node.streams.first_pages = asking
    for _ in range(5):
        socket, notebook = replaying(node, end, "192.0.2.1", 1)
        await replayed(node, socket)
        await turned()  # the last event is written now
        assert offsets(notebook) == list(range(1, 13))
    full = Counter(after for _, after in read if after < 10)
    assert sorted(full) == [0, 2, 4, 6, 8]
    assert (set(full.values()) == {1}) is is_shared
