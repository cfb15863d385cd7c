"""Who is behind catches up from the log, whatever the others do meanwhile."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from hoardrun.ledger.messages import BalanceUpdate
from realtime import log
from realtime.core.continuity import StreamPosition
from realtime.hub.followed import FollowedStream
from tests.realtime.rig import STREAM, Node, Notebook, offsets, turned

pytestmark = pytest.mark.django_db(transaction=True)


@sync_to_async
def append(count: int, text: str = "1") -> log.StoredEvent:
    with transaction.atomic():
        payload = BalanceUpdate(
            account_id="1", currency="UGX", available_balance=text, current_balance="1"
        )
        return log.append([(STREAM, payload)] * count)[-1]


class GatedLog:
    """The log of a node, which answers reads after one offset only once `gate` is open."""

    def __init__(self, node: Node, closed_after: int) -> None:
        self._real: Any = node.streams.pages
        self._closed_after = closed_after
        self.gate = asyncio.Event()
        self.asked = 0

    async def load(self, key: tuple[str, int]) -> Any:
        if key[1] == self._closed_after:
            self.asked += 1
            await self.gate.wait()
        return await self._real.load(key)


def behind(node: Node, at: StreamPosition) -> tuple[Notebook, FollowedStream]:
    """Let a socket in that has everything up to `at`."""
    socket, notebook = node.join()
    followed = node.streams.add(STREAM, socket)
    socket.connection.places[STREAM] = at
    node.streams.begin(socket, followed)
    return notebook, followed


async def until(true: Any) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def test_one_who_leaves_does_not_strand_the_others_who_wait_with_it() -> None:
    epoch = (await append(2)).epoch
    node = Node()
    # The logins have seen event 2, of which this node has not heard yet.
    first, followed = behind(node, StreamPosition(epoch, 2))
    followed.place = StreamPosition(epoch, 1)
    gated: Any = GatedLog(node, closed_after=1)
    node.streams.pages = gated
    others = [behind(node, StreamPosition(epoch, 2))[0] for _ in range(5)]
    await until(lambda: gated.asked)
    await turned()
    leaving = others.pop().socket
    assert leaving is not None
    leaving.gone()
    node.streams.remove(STREAM, leaving)
    gated.gate.set()
    await until(lambda: not followed.waiting)
    await append(1)
    node.streams.catch_up(followed)
    await until(lambda: all(offsets(notebook) for notebook in (first, *others)))
    for notebook in (first, *others):
        assert offsets(notebook) == [3]
        assert notebook.socket is not None
        notebook.socket.gone()


async def test_nothing_of_a_new_life_of_the_stream_is_sent_before_the_resync() -> None:
    await append(8)
    node = Node()
    notebook, followed = behind(node, StreamPosition("old", 5))
    followed.place = StreamPosition("old", 6)
    await until(lambda: notebook.messages())
    await until(lambda: not followed.waiting)
    [only] = notebook.messages()
    assert only["type"] == "resync_required"
    assert (only["data"]["reason"], only["data"]["position"]["offset"]) == ("epoch", 8)


@pytest.mark.parametrize("after", [frozenset(), frozenset({"system", "balance"})])
async def test_a_filter_that_changes_behind_a_burst_leaves_no_hole(after: frozenset[str]) -> None:
    entries = [await append(1, "1" * 8500) for _ in range(12)]
    node = Node()
    socket, notebook = node.join(types=["balance"])
    node.streams.followed[STREAM].place = StreamPosition(entries[0].epoch, 0)
    socket.connection.places[STREAM] = StreamPosition(entries[0].epoch, 0)
    node.streams.begin(socket, node.streams.followed[STREAM])
    node.streams.receive(entries[:11])  # more than its queue takes, and the rest of it not spread
    node.streams.filter(socket, after)
    node.streams.receive(entries[11:])
    await until(lambda: offsets(notebook)[-1:] == [12])
    assert offsets(notebook) == list(range(1, 13))
    await until(lambda: node.streams.followed[STREAM].is_live(socket))


async def test_of_large_events_no_more_is_read_than_a_socket_takes() -> None:
    epoch = (await append(100, "1" * 8000)).epoch
    node = Node()
    real, read = node.streams.pages, [0]

    async def ask(key: tuple[str, int]) -> Any:
        head, entries = await real.load(key)
        read[0] += len(entries)
        return head, entries

    node.streams.pages = SimpleNamespace(load=ask)  # type: ignore[assignment]
    notebook, followed = behind(node, StreamPosition(epoch, 0))
    followed.place = StreamPosition(epoch, 100)
    await until(lambda: not followed.waiting)
    assert offsets(notebook) == list(range(1, 101))
    assert read[0] < 130  # and not 650, a page of all that is left for each eight
