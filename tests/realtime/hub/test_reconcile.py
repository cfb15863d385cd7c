"""A node looks at the log often while it doubts its wake-ups, and else now and then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from realtime import log
from realtime.core.continuity import StreamPosition
from realtime.hub import hub, reconcile, wakeups
from realtime.hub.reconcile import Reconciler
from realtime.layer import send
from realtime.options import Options
from tests.realtime.rig import STREAM, Node, Notebook, behind, logged, offsets
from tests.services.ports import until

pytestmark = pytest.mark.django_db(transaction=True)
NEVER = 3600.0


async def following(node: Node) -> Notebook:
    """Log one event, and let a socket in that has it."""
    place = StreamPosition((await logged(0))[0].epoch, 1)
    return behind(node, place, head=place)[1]


@asynccontextmanager
async def looking(node: Node, *, doubt: float, calm: float) -> AsyncIterator[Reconciler]:
    """Let a reconciler look at the log, which has looked once."""
    options = Options(reconcile_seconds=doubt, reconcile_calm_seconds=calm)
    reconciler = Reconciler(node.streams, options)
    await reconciler.look()
    task = asyncio.ensure_future(reconciler.run())
    try:
        yield reconciler
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_comes_up_looks_often() -> None:
    node = Node()
    notebook = await following(node)
    async with looking(node, doubt=0.05, calm=NEVER):
        await logged(1)
        await until(lambda: offsets(notebook) == [2])


async def test_a_calm_node_looks_at_the_long_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "DOUBT_SECONDS", 0.0)
    node = Node()
    notebook = await following(node)
    async with looking(node, doubt=0.01, calm=0.1) as reconciler:
        assert not reconciler.is_doubtful
        await logged(1)
        await until(lambda: offsets(notebook) == [2])


async def test_a_reason_to_doubt_ends_a_long_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node()
    notebook = await following(node)
    with monkeypatch.context() as patch:
        patch.setattr(reconcile, "DOUBT_SECONDS", 0.0)
        begins = looking(node, doubt=0.05, calm=NEVER)
        reconciler = await begins.__aenter__()
    await logged(1)
    reconciler.doubt()
    await until(lambda: offsets(notebook) == [2])
    await begins.__aexit__(None, None, None)


async def test_a_wake_up_that_does_not_come_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeups, "WAKEUP_SECONDS", 0.1)
    node = Node()
    notebook = await following(node)
    events = await logged(1, 2, 3)
    node.streams.receive([events[2]])
    node.streams.receive([events[0]])  # late, but it came
    await until(lambda: offsets(notebook) == [2, 3, 4])
    await until(lambda: node.lost)


async def test_a_hole_whose_wake_ups_are_late_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeups, "WAKEUP_SECONDS", 0.1)
    node = Node()
    notebook = await following(node)
    events = await logged(1, 2, 3)
    for event in (events[2], events[0], events[1]):
        node.streams.receive([event])
    await until(lambda: offsets(notebook) == [2, 3, 4])
    await until(lambda: not node.streams.missing.by_stream)
    assert not node.lost


async def test_a_sender_that_lost_some_says_so_to_the_nodes() -> None:
    node = await hub.ensure()
    try:
        await until(lambda: node.receiver.is_settled)
        node.reconciler._doubtful_until = 0.0
        send.sender._lost_some(1)
        send.spread("nobody", [["room", "key", "type", {}]])
        await until(lambda: node.reconciler.is_doubtful)
    finally:
        await hub.close()


async def test_what_could_not_be_read_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node()
    notebook = await following(node)
    reconciler = Reconciler(node.streams, Options())
    for _ in range(3):
        await reconciler.look()
    real, failed = node.streams.holes, asyncio.Event()

    class Away:
        async def load(self, key: tuple[str, int]) -> Any:
            failed.set()
            raise OSError("the database is away")

    node.streams.holes = Away()  # type: ignore[assignment]
    await logged(1)
    await reconciler.look()
    await failed.wait()
    await until(lambda: node.streams.followed[STREAM].catching_up is None)
    node.streams.holes = real
    with monkeypatch.context() as patch:
        patch.setattr(log, "look", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await reconciler.look()
    await reconciler.look()
    await until(lambda: offsets(notebook) == [2])


async def test_a_login_under_way_is_compared_at_the_next_look() -> None:
    node = Node()
    notebook = await following(node)
    reconciler = Reconciler(node.streams, Options())
    for _ in range(3):
        await reconciler.look()
    followed = node.streams.followed[STREAM]
    before, followed.place = followed.place, StreamPosition("", -1)  # has read, and not gone on
    await logged(1)
    await reconciler.look()
    followed.place = before
    await reconciler.look()
    await until(lambda: offsets(notebook) == [2])


async def test_the_slow_round_comes_to_every_stream() -> None:
    node = Node()
    node.streams.followed = {f"user:{number}": None for number in range(1000)}  # type: ignore[misc]
    reconciler = Reconciler(node.streams, Options())
    turns = [reconciler._next_of_round(reconcile.ROUND_SECONDS / 20) for _ in range(20)]
    assert [len(turn) for turn in turns] == [50] * 20
    assert set().union(*turns) == node.streams.followed.keys()
