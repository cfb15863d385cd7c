"""A socket that is behind catches up from the log, undisturbed by the others."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from realtime import log
from realtime.core.continuity import Head, StreamPosition
from realtime.hub import wakeups
from realtime.meters import meters
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


async def compared(node: Node) -> None:
    node.streams.compare(await sync_to_async(log.heads)([STREAM]))


async def test_a_socket_that_leaves_does_not_stop_the_catching_up_of_others() -> None:
    epoch = (await logged(1, 2))[0].epoch
    node = Node()
    # The logins have read event 2, which this node has not received yet.
    _, first, followed = behind(node, StreamPosition(epoch, 2))
    followed.place = StreamPosition(epoch, 1)
    gated: Any = GatedLog(node, closed_after=1)
    node.streams.pages = node.streams.first_pages = node.streams.holes = gated
    others = [behind(node, StreamPosition(epoch, 2)) for _ in range(5)]
    await until(lambda: gated.asked)
    await turned()
    leaving, *_ = others.pop()
    leaving.gone()
    node.streams.remove(STREAM, leaving)
    gated.gate.set()
    await until(lambda: not followed.waiting)
    await turned()  # the last events are written now
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
    await turned()  # the last events are written now
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

    asking: Any = SimpleNamespace(load=ask)
    node.streams.pages = node.streams.first_pages = node.streams.holes = asking
    _, notebook, followed = behind(node, StreamPosition(epoch, 0))
    followed.place = StreamPosition(epoch, 100)
    await until(lambda: not followed.waiting)
    await turned()  # the last events are written now
    assert offsets(notebook) == list(range(1, 101))
    assert read[0] < 130  # and not 650, a page of all that is left for each eight


@pytest.mark.parametrize("under_way", [0, 1, 3])
async def test_an_event_without_a_wake_up_is_counted_once_the_wake_up_is_lost(
    under_way: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "WAKEUP_SECONDS", 0.2)
    epoch = (await logged(0))[0].epoch
    node = Node()
    _, notebook, followed = behind(node, StreamPosition(epoch, 1), head=StreamPosition(epoch, 1))
    before = meters.events_found_by_reconcile
    events = await logged(1, 2, 3)
    await compared(node)
    node.streams.receive(events[:under_way])
    await until(lambda: offsets(notebook) == [2, 3, 4])
    await until(lambda: not node.streams.missing.by_stream)
    assert meters.events_found_by_reconcile - before == 3 - under_way
    assert node.lost == ([] if under_way == 3 else [(STREAM, 2 + under_way, 4)])
    await compared(node)
    assert not node.streams.missing.by_stream
    assert followed.place.offset == 4


async def test_events_between_which_a_wake_up_came_are_told_as_two_losses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wakeups, "WAKEUP_SECONDS", 0.2)
    epoch = (await logged(0))[0].epoch
    node = Node()
    behind(node, StreamPosition(epoch, 1), head=StreamPosition(epoch, 1))
    events = await logged(1, 2, 3)
    await compared(node)
    node.streams.receive(events[1:2])
    await until(lambda: not node.streams.missing.by_stream)
    assert node.lost == [(STREAM, 2, 2), (STREAM, 4, 4)]


async def test_a_change_of_the_filter_is_noted_where_the_socket_stands() -> None:
    node = Node()
    socket, _ = node.join()
    assert not socket.connection.told(0.0)  # an idle socket keeps nothing
    node.publish(3)
    for _ in range(3):  # only the first of them changes anything
        node.streams.filter(socket, frozenset({"b", "a"}))
    node.publish(1)
    node.streams.filter(socket, frozenset())
    assert [(n.kind, n.stream, n.before, n.types) for n in socket.connection.told(0.0)] == [
        ("filter", STREAM, 3, ("a", "b")),
        ("filter", STREAM, 4, ()),
    ]


async def test_a_reset_notes_which_offsets_a_socket_was_not_sent() -> None:
    node = Node()
    socket, other = node.join()[0], node.join()[0]
    node.publish(2)
    followed = node.streams.followed[STREAM]
    node.streams.resets.reset(followed, Head("other", 9, 0), "epoch")
    [note] = socket.connection.told(0.0)
    assert (note.kind, note.before, note.to, note.reason) == ("resync", 2, 9, "epoch")
    assert socket.connection.notes is not None and other.connection.notes is not None
    assert socket.connection.notes[0] is other.connection.notes[0]  # thousands keep but one


async def test_what_is_written_counts_for_each_socket_whichever_way_it_went() -> None:
    node = Node()
    full, _ = node.join(room=1)  # takes one write, and is then held up
    plain, notebook = node.join()
    some, _ = node.join(types=["other"])
    node.publish(3)
    await turned()
    later, _ = node.join()
    node.publish(2)
    await turned()
    for socket in (full, plain, some, later):
        node.streams.remove(STREAM, socket)
    assert plain.messages_out == 5
    assert plain.bytes_out == sum(map(len, notebook.writes))
    assert later.messages_out == 2
    assert (some.messages_out, some.bytes_out) == (0, 0)
    assert 0 < full.messages_out <= 3
