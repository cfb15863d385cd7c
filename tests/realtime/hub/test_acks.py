"""Acknowledgements of many clients are stored together, and survive failures."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model

from realtime import log
from realtime.core.continuity import StreamPosition
from realtime.hub.acks import Acks
from realtime.hub.socket import Socket
from realtime.log import CursorMove
from realtime.models import Cursor
from tests.realtime.rig import Held, Node, Notebook, turned

pytestmark = pytest.mark.django_db(transaction=True)

_store = log.move_cursors


class Desk:
    """The acknowledgements of a node on which one user has sockets."""

    def __init__(self, user_id: int, epoch: str) -> None:
        self.node, self.acks = Node(), Acks(asyncio.ensure_future)
        self.user_id, self.epoch, self.stream = user_id, epoch, f"user:{user_id}"

    def tab(self, device: str, epoch: str = "") -> tuple[Socket, Notebook]:
        socket, notebook = self.node.join()
        socket.connection.user_id, socket.connection.device = self.user_id, device
        socket.connection.places[self.stream] = StreamPosition(epoch or self.epoch, 10)
        return socket, notebook

    def put(self, socket: Socket, offset: int, request_id: str | None = None) -> None:
        self.acks.put(socket, self.stream, offset, request_id)


@pytest.fixture
async def desk() -> Desk:
    user = await get_user_model().objects.acreate(username="alice")
    stream = f"user:{user.pk}"
    return Desk(user.pk, (await sync_to_async(log.ensure)([stream]))[stream].epoch)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Held:
    """Let a store wait until it may go on."""
    held = Held(_store)
    monkeypatch.setattr(log, "move_cursors", held)
    return held


@sync_to_async
def stored() -> dict[str, int]:
    return dict(Cursor.objects.values_list("device", "acked"))


def answered(notebook: Notebook) -> list[int]:
    return [m["data"]["offset"] for m in notebook.messages() if m["type"] == "acked"]


def fail(moves: list[CursorMove]) -> None:
    raise OSError("away")


async def test_a_failed_store_is_repeated_with_the_highest_offset(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one, first), (two, second) = [desk.tab("phone") for _ in range(2)]
    failing = Held(fail)
    monkeypatch.setattr(log, "move_cursors", failing)
    desk.put(one, 10)
    storing = asyncio.create_task(desk.acks.flush())
    await failing.called()
    desk.put(two, 4)  # a slower tab of the same device
    failing.may_go_on.set()
    await storing
    assert answered(first) == []
    monkeypatch.setattr(log, "move_cursors", _store)
    await desk.acks.flush()
    await turned()
    assert await stored() == {"phone": 10}
    assert (answered(first), answered(second)) == ([10], [4])


async def test_a_socket_that_leaves_during_a_store_loses_no_ack_of_another(
    desk: Desk, slow: Held
) -> None:
    staying, notebook = desk.tab("laptop")
    leaving, _ = desk.tab("phone")
    desk.put(staying, 7)
    task = leaving.spawn(desk.acks.flush())  # as a login does whose device has just acked
    await slow.called()
    leaving.gone()
    slow.may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await desk.acks.flush()
    await turned()
    assert await stored() == {"laptop": 7}
    assert answered(notebook) == [7]


async def test_only_one_flush_waits_for_a_database_that_hangs(desk: Desk, slow: Held) -> None:
    socket, notebook = desk.tab("phone")
    desk.put(socket, 4)
    assert desk.acks.due(0.0)
    storing = asyncio.create_task(desk.acks.flush())
    await slow.called()
    desk.put(socket, 7)
    assert not desk.acks.due(float("inf"))  # the tick starts no task that would only wait
    slow.may_go_on.set()
    await storing
    assert desk.acks.due(float("inf"))
    await desk.acks.flush()
    await turned()
    assert answered(notebook) == [4, 7]


async def test_waiting_answers_are_bounded_and_dropped_with_their_socket(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one, first), (two, second) = [desk.tab("phone") for _ in range(2)]
    monkeypatch.setattr("realtime.hub.acks.MAX_ANSWERS", 2)
    monkeypatch.setattr(log, "move_cursors", fail)
    for number in (1, 2, 3):
        desk.put(one, number, str(number))
    await turned()
    [refused] = first.messages()
    assert (refused["type"], refused["id"], refused["data"]["retryable"]) == ("error", "3", True)
    one.gone()
    await desk.acks.flush()
    monkeypatch.setattr(log, "move_cursors", _store)
    desk.put(two, 2)
    await desk.acks.flush()
    await turned()
    assert (answered(first), answered(second)) == ([], [2])
    assert await stored() == {"phone": 2}


async def test_a_store_whose_caller_left_ends_before_the_next_begins(
    desk: Desk, slow: Held
) -> None:
    old, _ = desk.tab("phone", "an older epoch")
    new, notebook = desk.tab("phone")
    desk.put(old, 9)
    leaving = asyncio.create_task(desk.acks.flush())
    await slow.called()
    leaving.cancel()
    desk.put(new, 3)
    storing = asyncio.create_task(desk.acks.flush())
    await asyncio.wait([storing], timeout=0.2)
    assert not storing.done()  # stored after it, the older one would take its place
    slow.may_go_on.set()
    await storing
    await turned()
    assert await stored() == {"phone": 3}
    assert answered(notebook) == [3]
