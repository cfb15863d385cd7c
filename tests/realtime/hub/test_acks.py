"""Acknowledgements of many clients are stored together, and survive what goes wrong."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model

from realtime import log
from realtime.core.continuity import StreamPosition
from realtime.hub.acks import Acks
from realtime.hub.socket import Socket
from realtime.log import CursorMove
from realtime.models import Cursor
from tests.realtime.rig import Node, Notebook, turned

pytestmark = pytest.mark.django_db(transaction=True)

_store = log.move_cursors


@sync_to_async
def user_with_stream() -> tuple[int, str]:
    user = get_user_model().objects.create(username="alice")
    return user.pk, log.ensure([f"user:{user.pk}"])[f"user:{user.pk}"].epoch


@sync_to_async
def stored() -> dict[str, int]:
    return dict(Cursor.objects.values_list("device", "acked"))


async def tab(node: Node, device: str, user_id: int, epoch: str) -> tuple[Socket, Notebook]:
    socket, notebook = node.join()
    socket.connection.user_id, socket.connection.device = user_id, device
    socket.connection.places[f"user:{user_id}"] = StreamPosition(epoch, 10)
    return socket, notebook


def answered(notebook: Notebook) -> list[int]:
    return [m["data"]["offset"] for m in notebook.messages() if m["type"] == "acked"]


async def test_a_failed_store_is_tried_again_and_the_highest_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user_id, epoch = await user_with_stream()
    node, acks = Node(), Acks()
    (one, first), (two, second) = [await tab(node, "phone", user_id, epoch) for _ in range(2)]
    under_way, may_fail = threading.Event(), threading.Event()

    def fail(moves: Sequence[CursorMove]) -> None:
        under_way.set()
        may_fail.wait(10)
        raise OSError("away")

    monkeypatch.setattr(log, "move_cursors", fail)
    acks.put(one, f"user:{user_id}", 10, None)
    storing = asyncio.create_task(acks.flush())
    await asyncio.to_thread(under_way.wait, 10)
    acks.put(two, f"user:{user_id}", 4, None)  # a slower tab of the same device
    may_fail.set()
    await storing
    assert answered(first) == []
    monkeypatch.setattr(log, "move_cursors", _store)
    await acks.flush()
    await turned()
    assert await stored() == {"phone": 10}
    assert (answered(first), answered(second)) == ([10], [4])


async def test_who_leaves_while_it_stores_takes_nothing_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user_id, epoch = await user_with_stream()
    node, acks = Node(), Acks()
    staying, notebook = await tab(node, "laptop", user_id, epoch)
    leaving, _ = await tab(node, "phone", user_id, epoch)
    under_way, may_go_on = threading.Event(), threading.Event()

    def slowly(moves: Sequence[CursorMove]) -> None:
        under_way.set()
        may_go_on.wait(10)
        _store(moves)

    monkeypatch.setattr(log, "move_cursors", slowly)
    acks.put(staying, f"user:{user_id}", 7, None)
    task = leaving.spawn(acks.flush())  # as a login does whose device has just acked
    await asyncio.to_thread(under_way.wait, 10)
    leaving.gone()
    may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await acks.flush()
    await turned()
    assert await stored() == {"laptop": 7}
    assert answered(notebook) == [7]


async def test_a_database_that_hangs_gets_one_flush_and_no_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user_id, epoch = await user_with_stream()
    node, acks = Node(), Acks()
    socket, notebook = await tab(node, "phone", user_id, epoch)
    under_way, may_go_on = threading.Event(), threading.Event()

    def slowly(moves: Sequence[CursorMove]) -> None:
        under_way.set()
        may_go_on.wait(10)
        _store(moves)

    monkeypatch.setattr(log, "move_cursors", slowly)
    acks.put(socket, f"user:{user_id}", 4, None)
    assert acks.due(0.0)
    storing = asyncio.create_task(acks.flush())
    await asyncio.to_thread(under_way.wait, 10)
    acks.put(socket, f"user:{user_id}", 7, None)
    assert not acks.due(float("inf"))  # the tick starts no task that would only wait
    may_go_on.set()
    await storing
    assert acks.due(float("inf"))
    await acks.flush()
    await turned()
    assert answered(notebook) == [4, 7]


async def test_answers_that_wait_are_bounded_and_those_of_the_gone_are_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user_id, epoch = await user_with_stream()
    node, acks = Node(), Acks()
    (one, first), (two, second) = [await tab(node, "phone", user_id, epoch) for _ in range(2)]

    def fail(moves: Sequence[CursorMove]) -> None:
        raise OSError("away")

    monkeypatch.setattr("realtime.hub.acks.MAX_ANSWERS", 2)
    monkeypatch.setattr(log, "move_cursors", fail)
    for number in (1, 2, 3):
        acks.put(one, f"user:{user_id}", number, str(number))
    await turned()
    [refused] = first.messages()
    assert (refused["type"], refused["id"], refused["data"]["retryable"]) == ("error", "3", True)
    one.gone()
    await acks.flush()
    monkeypatch.setattr(log, "move_cursors", _store)
    acks.put(two, f"user:{user_id}", 2, None)
    await acks.flush()
    await turned()
    assert (answered(first), answered(second)) == ([], [2])
    assert await stored() == {"phone": 2}


async def test_a_store_whose_caller_left_is_over_before_the_next_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user_id, epoch = await user_with_stream()
    node, acks = Node(), Acks()
    old, _ = await tab(node, "phone", user_id, "an older life")
    new, notebook = await tab(node, "phone", user_id, epoch)
    under_way, may_go_on = threading.Event(), threading.Event()

    def slowly(moves: Sequence[CursorMove]) -> None:
        if not under_way.is_set():
            under_way.set()
            may_go_on.wait(10)
        _store(moves)

    monkeypatch.setattr(log, "move_cursors", slowly)
    acks.put(old, f"user:{user_id}", 9, None)
    leaving = asyncio.create_task(acks.flush())
    await asyncio.to_thread(under_way.wait, 10)
    leaving.cancel()
    acks.put(new, f"user:{user_id}", 3, None)
    storing = asyncio.create_task(acks.flush())
    await asyncio.wait([storing], timeout=0.2)
    assert not storing.done()  # stored after it, the older one would take its place
    may_go_on.set()
    await storing
    await turned()
    assert await stored() == {"phone": 3}
    assert answered(notebook) == [3]
