"""A socket that is behind catches up from the log, undisturbed by the others."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from realtime.core.continuity import StreamPosition
from tests.realtime.rig import STREAM, Node, behind, logged, offsets, turned
from tests.services.ports import until

pytestmark = pytest.mark.django_db(transaction=True)


class GatedLog:
    """The log of a node; reads after one offset wait until `gate` is open."""

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


async def test_a_socket_that_leaves_does_not_stop_the_catching_up_of_others() -> None:
    epoch = (await logged(1, 2))[0].epoch
    node = Node()
    # The logins have read event 2, which this node has not received yet.
    _, first, followed = behind(node, StreamPosition(epoch, 2))
    followed.place = StreamPosition(epoch, 1)
    gated: Any = GatedLog(node, closed_after=1)
    node.streams.pages = node.streams.holes = gated
    others = [behind(node, StreamPosition(epoch, 2)) for _ in range(5)]
    await until(lambda: gated.asked)
    await turned()
    leaving, *_ = others.pop()
    leaving.gone()
    node.streams.remove(STREAM, leaving)
    gated.gate.set()
    await until(lambda: not followed.waiting)
    await turned()  # what was sent last is written now
    await logged(3)
    node.streams.catch_up(followed)
    notebooks = [first, *(notebook for _, notebook, _ in others)]
    await until(lambda: all(map(offsets, notebooks)))
    assert [*map(offsets, notebooks)] == [[3]] * 5


async def test_no_event_of_a_new_epoch_is_sent_before_the_resync() -> None:
    await logged(*range(8))
    node = Node()
    _, notebook, followed = behind(node, StreamPosition("old", 5))
    followed.place = StreamPosition("old", 6)
    await until(lambda: notebook.messages())
    await until(lambda: not followed.waiting)
    await turned()  # what was sent last is written now
    [only] = notebook.messages()
    assert only["type"] == "resync_required"
    assert (only["data"]["reason"], only["data"]["position"]["offset"]) == ("epoch", 8)


@pytest.mark.parametrize("after", [frozenset(), frozenset({"system", "balance"})])
async def test_a_filter_that_changes_after_a_burst_leaves_no_gap(after: frozenset[str]) -> None:
    entries = await logged(*["1" * 8500] * 12)
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


async def test_replay_reads_only_what_fits() -> None:
    epoch = (await logged(*["1" * 8000] * 100))[0].epoch
    node = Node()
    real, read = node.streams.pages, [0]

    async def ask(key: tuple[str, int]) -> Any:
        head, entries = await real.load(key)
        read[0] += len(entries)
        return head, entries

    node.streams.pages = node.streams.holes = SimpleNamespace(load=ask)  # type: ignore[assignment]
    _, notebook, followed = behind(node, StreamPosition(epoch, 0))
    followed.place = StreamPosition(epoch, 100)
    await until(lambda: not followed.waiting)
    await turned()  # what was sent last is written now
    assert offsets(notebook) == list(range(1, 101))
    assert read[0] < 130  # and not 650, a page of all that is left for each eight
