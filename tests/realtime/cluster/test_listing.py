"""What the reports of nodes say of sockets and of the persons at them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db.models import F

from realtime import clock, log, reach
from realtime.cluster import listing
from realtime.cluster import reporter as node
from realtime.core.continuity import StreamPosition
from realtime.core.notes import Note
from realtime.core.transport import LOST
from realtime.db import threads
from realtime.hub.socket import Socket
from realtime.models import Connection, Delay, Departure, Node
from realtime.reach import UserReach
from tests.realtime.rig import Member

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


@pytest.fixture
async def own() -> Member:
    return Member(most=5)


@pytest.fixture
async def other() -> Member:
    return Member(most=5)


async def reached(user_id: int) -> UserReach:
    now = await threads.run(clock.now)
    found = await sync_to_async(reach.devices)({user_id: now - HOUR})
    return found[user_id]


def leave(member: Member, socket: Socket, code: int = 1001) -> None:
    """Let a client go, as the runner of its commands does."""
    member.hub.departures.add(socket, code)
    member.hub.detach(socket)


@pytest.mark.parametrize("ahead", [timedelta(), HOUR, -HOUR])
async def test_a_person_is_there_while_the_client_says_so(
    own: Member, wrong_clock: Callable[[timedelta], None], ahead: timedelta, user_id: int
) -> None:
    wrong_clock(ahead)
    socket = own.attach(user_id, device="desk", device_class="desktop")
    await own.report()
    [device] = (await reached(user_id)).devices
    assert (device.name, device.device_class, device.is_open) == ("desk", "desktop", True)
    assert (device.is_active, device.active_at) == (False, None)

    began = await threads.run(clock.now)
    own.hub.sockets.be_active(socket, True)
    await own.report()
    user = await reached(user_id)
    assert user.is_active
    assert user.devices[0].active_at == (await Node.objects.aget()).seen_at >= began

    own.hub.sockets.be_active(socket, False)
    left = await threads.run(clock.now)
    await own.report()
    [device] = (await reached(user_id)).devices
    assert device.is_open and not device.is_active
    assert device.active_at is not None
    assert began - timedelta(seconds=1) < device.active_at <= left + timedelta(seconds=1)


async def test_a_change_keeps_what_others_have_marked(own: Member, user_id: int) -> None:
    socket = own.attach(user_id)
    await own.report()
    before = await Connection.objects.aget()
    await Connection.objects.aupdate(is_surplus=True)
    own.hub.sockets.be_active(socket, True)
    await sync_to_async(listing.list_open)(
        own.hub.node_id, [listing.as_listed(socket)], await threads.run(clock.now)
    )
    after = await Connection.objects.aget()
    assert after.is_active and after.is_surplus
    assert (after.opened_at, after.node_id) == (before.opened_at, before.node_id)


async def test_a_socket_that_has_closed_is_kept(own: Member, user_id: int) -> None:
    socket = own.attach(user_id, device="phone", device_class="phone", seconds_ago=60)
    socket.connection.places["user:1"] = StreamPosition("e", 9)
    socket.connection.acked = {"user:1": 8}
    passed = Note(kind="resync", stream="user:1", before=3, to=5, reason="epoch")
    socket.connection.note((0.0, passed))
    own.hub.sockets.be_active(socket, True)
    await own.report()
    leave(own, socket, 4401)
    before = await threads.run(clock.now)
    await own.report()
    assert not await Connection.objects.aexists()
    gone = await Departure.objects.aget()
    assert (gone.connection_id, gone.user_id, gone.code) == (socket.connection.id, user_id, 4401)
    assert (gone.device, gone.device_class) == ("phone", "phone")
    assert (gone.written, gone.acked) == ({"user:1": 9}, {"user:1": 8})
    [note] = gone.notes
    assert (gone.node, gone.queued, note.pop("seconds_ago") > 0) == (own.hub.node_id, 0, True)
    assert note == {"kind": "resync", "stream": "user:1", "before": 3, "to": 5, "reason": "epoch"}
    assert gone.active_at == gone.closed_at
    assert abs(gone.closed_at - before) < timedelta(seconds=20)
    assert timedelta(seconds=59) < gone.closed_at - gone.opened_at < timedelta(seconds=90)
    user = await reached(user_id)
    assert not user.is_open and user.last_seen_at == gone.closed_at
    [device] = user.devices
    assert (device.device_class, device.active_at) == ("phone", gone.active_at)


async def test_a_socket_that_closed_before_the_first_report_is_kept(
    own: Member, user_id: int
) -> None:
    leave(own, own.attach(user_id))
    await own.report()
    gone = await Departure.objects.aget()
    assert (gone.active_at, gone.written, gone.acked) == (None, {}, {})


async def test_what_a_failed_report_did_not_tell_is_told_by_the_next(
    own: Member, monkeypatch: pytest.MonkeyPatch, user_id: int
) -> None:
    gone, here = own.attach(user_id), own.attach(user_id)
    await own.report()
    leave(own, gone)
    own.hub.sockets.be_active(here, True)

    def fail(counts: object) -> None:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(log, "add_reached", fail)
        await own.report()
    assert not await Departure.objects.aexists()
    await own.report()
    assert await Departure.objects.acount() == 1
    assert (await Connection.objects.aget()).is_active


async def test_many_rows_take_several_statements(
    own: Member, monkeypatch: pytest.MonkeyPatch, user_id: int
) -> None:
    monkeypatch.setattr(listing, "ROWS", 2)
    sockets = [own.attach(user_id) for _ in range(5)]
    await own.report()
    assert await Connection.objects.acount() == 5
    for socket in sockets:
        leave(own, socket)
    await own.report()
    assert await Connection.objects.acount() == 0
    assert await Departure.objects.acount() == 5


async def test_sockets_of_a_node_that_is_gone_closed_when_it_last_reported(
    own: Member, other: Member, user_id: int
) -> None:
    active, away = other.attach(user_id, device="a"), other.attach(user_id, device="b")
    other.hub.sockets.be_active(active, True)
    await other.report()
    await Node.objects.aupdate(seen_at=F("seen_at") - node.FORGET_AFTER)
    seen_at = (await Node.objects.aget()).seen_at
    await own.report()
    assert [row.pk async for row in Node.objects.all()] == [own.hub.node_id]
    found = {row.device: row async for row in Departure.objects.all()}
    assert {row.code for row in found.values()} == {LOST}
    assert {row.closed_at for row in found.values()} == {seen_at}
    assert [row.notes for row in found.values()] == [[{"kind": "silent"}]] * 2
    assert {row.node for row in found.values()} == {other.hub.node_id}
    assert (found["a"].active_at, found["b"].active_at) == (seen_at, None)

    await other.report()  # it was only slow
    leave(other, away, 4503)
    await other.report()
    gone = await Departure.objects.aget(device="b")
    assert gone.code == 4503 and gone.closed_at > seen_at
    assert gone.notes == []


async def test_what_made_events_late_is_kept_once_a_report_gets_through(
    own: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    own.hub.delays.lost("user:1", 3, 5)
    own.hub.delays.froze(began - 60, began)

    def fail(counts: object) -> None:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(log, "add_reached", fail)
        await own.report()
    assert not await Delay.objects.aexists()
    await own.report()
    await own.report()
    lost, frozen = [row async for row in Delay.objects.order_by("-kind")]
    assert (lost.kind, lost.node, lost.stream, lost.first, lost.last) == (
        "lost", own.hub.node_id, "user:1", 3, 5,
    )  # fmt: skip
    assert frozen.kind == "frozen" and not frozen.stream
    assert abs(frozen.ended_at - frozen.began_at - timedelta(seconds=60)) < timedelta(seconds=1)
    assert frozen.ended_at <= await threads.run(clock.now)


async def test_a_node_that_leaves_takes_its_open_sockets_along(own: Member, user_id: int) -> None:
    own.attach(user_id)
    await own.reporter.leave()
    assert not await Node.objects.aexists() and not await Connection.objects.aexists()
    assert (await Departure.objects.aget()).code == LOST


async def test_a_persons_return_is_no_reason_to_count_sockets(
    own: Member, monkeypatch: pytest.MonkeyPatch, user_id: int
) -> None:
    socket = own.attach(user_id)
    await own.report()
    asked: list[Sequence[int]] = []
    count = listing.surplus

    def noting(node_id: str, users: Sequence[int], most: int) -> list[tuple[str, int]]:
        asked.append(users)
        return count(node_id, users, most)

    monkeypatch.setattr(node, "surplus", noting)
    own.hub.sockets.be_active(socket, True)
    await own.report()
    assert asked == [[]]
