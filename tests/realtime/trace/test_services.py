"""A trace reads what nodes have stored, and what the nodes say that are asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models import F

from realtime import clock, log
from realtime.core.continuity import StreamPosition
from realtime.core.notes import Note
from realtime.errors import NotFound
from realtime.hub.socket import Socket
from realtime.models import Cursor, Delay, Departure, Event, Node, Stream
from realtime.protocol.published import AccessChanged
from realtime.publish import publish
from realtime.streams import ANNOUNCEMENTS, user_stream
from realtime.trace import contributors
from realtime.trace.asked import Asked, understand
from realtime.trace.report import Entry, EventTrace
from realtime.trace.services import trace_event, trace_user
from tests.realtime.rig import Member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def node() -> Member:
    return Member(most=5)


@pytest.fixture
def own_contributors(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(contributors, "_contributors", {})
    yield


def published(user_id: int) -> int:
    with transaction.atomic():
        return publish(user_stream(user_id), AccessChanged(change="rights")).offset


def placed(member: Member, user_id: int, device: str, offset: int, began: int = 0) -> Socket:
    socket = member.attach(user_id, device=device, seconds_ago=60)
    name = user_stream(user_id)
    socket.connection.places[name] = StreamPosition("e", offset)
    socket.connection.began = began
    return socket


def gone(member: Member, socket: Socket, code: int) -> None:
    member.hub.departures.add(socket, code)
    member.hub.detach(socket)


async def traced(user_id: int, offset: int) -> EventTrace:
    return await sync_to_async(trace_event)(user_stream(user_id), offset, ask=False)


async def test_a_device_that_left_before_an_event_was_not_connected(
    node: Member, user_id: int
) -> None:
    gone(node, placed(node, user_id, "phone", 0), 1001)
    await node.report()
    offset = await sync_to_async(published)(user_id)
    found = await traced(user_id, offset)
    assert (found.verdict, found.reach, found.type) == ("not_connected", "no", "access_changed")
    [phone] = found.devices
    assert (phone.device, phone.verdict) == ("phone", "not_connected")
    [socket] = phone.sockets
    assert (socket.code, socket.node, socket.what) == (1001, node.hub.node_id, "not_yet")
    texts = [entry.text for entry in found.timeline]
    assert "phone: disconnected with code 1001." in texts
    assert f"Committed as event {offset} of {user_stream(user_id)}." in texts
    assert [entry.at for entry in found.timeline] == sorted(e.at for e in found.timeline)


@pytest.mark.parametrize(
    ("note", "code", "verdict"),
    [
        (None, 4503, "slow_reader"),
        (Note(kind="resync", before=0, to=1, reason="epoch"), 1001, "epoch"),
        (Note(kind="resync", before=0, to=1, reason="trimmed"), 1001, "floor"),
    ],
)
async def test_the_notes_and_the_code_of_a_socket_decide(
    node: Member, user_id: int, note: Note | None, code: int, verdict: str
) -> None:
    socket = placed(node, user_id, "phone", 0 if note is None else 1)
    offset = await sync_to_async(published)(user_id)
    if note is not None:
        socket.connection.note((0.0, msgspec.structs.replace(note, stream=user_stream(user_id))))
    gone(node, socket, code)
    await node.report()
    await Departure.objects.aupdate(closed_at=F("closed_at") + timedelta(seconds=1))
    assert (await traced(user_id, offset)).verdict == verdict


async def test_each_socket_without_a_name_is_a_device_of_its_own(
    node: Member, user_id: int
) -> None:
    gone(node, placed(node, user_id, "", 0), 1001)
    await node.report()
    await Departure.objects.aupdate(closed_at=F("closed_at") - timedelta(seconds=30))
    offset = await sync_to_async(published)(user_id)
    for _ in range(2):
        socket = placed(node, user_id, "", offset)
        socket.connection.acked = {user_stream(user_id): offset}
        gone(node, socket, 1001)
    await node.report()
    found = await traced(user_id, offset)
    assert [(one.device, one.verdict) for one in found.devices] == [
        ("", "not_connected"),
        ("", "delivered"),
        ("", "delivered"),
    ]
    assert found.verdict == "delivered"


async def test_how_the_last_socket_without_a_name_ended_is_why(node: Member, user_id: int) -> None:
    for code in (1001, 4401):
        gone(node, placed(node, user_id, "", 0), code)
        await node.report()
        await Departure.objects.filter(code=code).aupdate(
            closed_at=F("closed_at") - timedelta(seconds=9000 - 2 * code)
        )
    offset = await sync_to_async(published)(user_id)
    found = await traced(user_id, offset)
    assert (found.verdict, len(found.devices)) == ("token_ended", 1)


async def test_what_made_an_event_late_at_the_node_of_a_socket_is_named(
    node: Member, user_id: int
) -> None:
    socket = placed(node, user_id, "phone", 1)
    offset = await sync_to_async(published)(user_id)
    node.hub.delays.lost(user_stream(user_id), offset, offset)
    socket.connection.acked = {user_stream(user_id): offset}
    gone(node, socket, 1001)
    await node.report()
    found = await traced(user_id, offset)
    assert (found.verdict, found.reach) == ("wakeup_lost", "acked")
    later = F("ended_at") + timedelta(seconds=1)
    await Delay.objects.aupdate(stream="", first=0, last=0, ended_at=later)  # more than are kept
    found = await traced(user_id, offset)
    assert found.verdict == "delivered" and "maybe late" in found.text
    text = f"Node {node.hub.node_id} had no wake-up for many events."
    assert text in [entry.text for entry in found.timeline]
    await Delay.objects.aupdate(node="another")
    assert "at once" in (await traced(user_id, offset)).text


async def test_a_node_that_reports_no_more_is_why(node: Member, user_id: int) -> None:
    placed(node, user_id, "phone", 0)
    await node.report()
    await Node.objects.aupdate(seen_at=F("seen_at") - timedelta(seconds=30))
    offset = await sync_to_async(published)(user_id)
    found = await traced(user_id, offset)
    assert (found.verdict, found.reach) == ("node_frozen", "no")


async def test_a_note_of_a_newer_release_proves_nothing(node: Member, user_id: int) -> None:
    socket = placed(node, user_id, "phone", 1)
    offset = await sync_to_async(published)(user_id)
    gone(node, socket, 1001)
    await node.report()
    assert (await traced(user_id, offset)).devices[0].sockets[0].what == "written"
    await Departure.objects.aupdate(notes=[{"kind": "live"}, {"kind": "of_later", "stream": "x"}])
    [socket_then] = (await traced(user_id, offset)).devices[0].sockets
    assert [note.kind for note in socket_then.notes] == ["live", "forgotten"]
    assert socket_then.what == "hidden"


async def test_an_event_whose_row_is_trimmed_is_traced_by_its_place(
    node: Member, user_id: int
) -> None:
    socket = placed(node, user_id, "phone", 3, began=3)
    name = user_stream(user_id)
    socket.connection.began = None
    passed = Note(kind="anew", stream=name, before=0, to=3, reason="trimmed")
    socket.connection.note((0.0, passed))
    for _ in range(3):
        await sync_to_async(published)(user_id)
    await sync_to_async(log.trim)(before=await sync_to_async(clock.now)(), keep=1)
    gone(node, socket, 1001)
    await node.report()
    found = await traced(user_id, 1)
    assert found.is_trimmed and found.committed_at is None
    assert found.verdict == "floor"


def test_what_never_was_is_refused(user_id: int) -> None:
    offset = published(user_id)
    with pytest.raises(NotFound, match="events 1 to 1"):
        trace_event(user_stream(user_id), offset + 1, ask=False)
    with pytest.raises(NotFound, match="no stream"):
        trace_event("nowhere", 1, ask=False)


def test_an_event_for_everybody_is_judged_for_a_user_that_is_named(user_id: int) -> None:
    with transaction.atomic():
        offset = publish(ANNOUNCEMENTS, AccessChanged(change="rights")).offset
    everybody = trace_event(ANNOUNCEMENTS, offset, ask=False)
    assert (everybody.verdict, everybody.user_id) == ("unknown", None)
    one = trace_event(ANNOUNCEMENTS, offset, user_id=user_id, ask=False)
    assert (one.verdict, one.user_id) == ("not_connected", user_id)


async def test_a_user_is_traced_with_devices_and_the_last_events(
    node: Member, user_id: int
) -> None:
    await sync_to_async(published)(user_id)
    stream = await Stream.objects.aget(name=user_stream(user_id))
    phone = placed(node, user_id, "phone", 1)
    phone.connection.acked = {stream.name: 1}
    gone(node, phone, 1001)
    await Cursor.objects.acreate(
        user_id=user_id, device="phone", stream=stream, epoch=stream.epoch, acked=1
    )
    placed(node, user_id, "browser", 1)
    await node.report()
    await Departure.objects.aupdate(closed_at=await sync_to_async(clock.now)())
    await sync_to_async(published)(user_id)
    found = await sync_to_async(trace_user)(user_id, ask=False)
    assert (found.head, found.is_online) == (2, True)
    browser, left = found.devices
    assert (browser.device, browser.is_open) == ("browser", True)
    assert (left.device, left.is_open, left.acked, left.behind) == ("phone", False, 1, 1)
    assert [line.offset for line in found.events] == [2, 1]
    assert msgspec.json.decode(msgspec.json.encode(found))["events"][1]["verdict"] == "delivered"


def test_apps_add_what_they_know(user_id: int, own_contributors: None) -> None:
    offset = published(user_id)
    at = "2026-11-30T12:00:00.000Z"
    asked: list[int] = []

    def of_event(stream: str, event: Event) -> list[Entry]:
        asked.append(event.offset)
        return [Entry(at=at, source="shop", text=f"Sold, of {stream}.")]

    contributors.register(
        "shop",
        of_event=of_event,
        of_user=lambda user_id, since: [Entry(at=at, source="shop", text="Came in.")],
        find=lambda number: (user_stream(user_id), offset) if number == 7 else None,
    )
    contributors.register("silent")
    assert trace_event(user_stream(user_id), offset, ask=False).timeline[0].source == "shop"
    assert asked == [offset]
    assert trace_user(user_id, ask=False).timeline[0].text == "Came in."
    assert contributors.finders().keys() == {"shop"}
    assert understand("shop:7") == Asked(user_stream(user_id), offset)
    with pytest.raises(NotFound, match="no event of shop 8"):
        understand("shop:8")
