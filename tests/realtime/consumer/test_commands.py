"""The answers to commands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from unittest.mock import AsyncMock

import pytest

from realtime import rooms
from realtime.consumer.commands import CommandRunner
from realtime.core.continuity import StreamPosition
from realtime.hub.hub import Hub
from realtime.options import Options
from realtime.rooms import RoomKind
from tests.realtime.rig import STREAM, connected, event, offsets, turned

pytestmark = pytest.mark.django_db(transaction=True)


class Talk:
    """A hub that was not started, and one socket on it that follows one stream."""

    def __init__(self, types: Sequence[str] = (), place: StreamPosition | None = None) -> None:
        self.hub = Hub(Options())
        self.socket, self.notebook = connected(self.hub)
        state = self.socket.connection
        state.user_id, state.subscriptions = 1, frozenset(types)
        self.followed = self.hub.streams.add(STREAM, self.socket)
        self.followed.place = StreamPosition("e", 0)
        state.places[STREAM] = place or StreamPosition("e", 0)
        if place is None:
            self.hub.streams.begin(self.socket, self.followed)
        self.conversation = CommandRunner(self.hub, self.socket)
        self.conversation.busy = False

    def publish(self, count: int, *, size: int = 10, filter_type: str = "system") -> None:
        first = self.followed.place.offset + 1
        for offset in range(first, first + count):
            self.hub.streams.receive([event(offset, size, filter_type)])

    def say(self, **command: Any) -> None:
        self.conversation.put_nowait({"type": "websocket.receive", "text": json.dumps(command)})

    async def heard(self, kind: str) -> list[dict[str, Any]]:
        """Return what was answered of one type so far."""
        await turned()
        return [m["data"] for m in self.notebook.messages() if m.get("type") == kind]

    async def pong(self) -> Any:
        self.say(type="ping")
        return (await self.heard("pong"))[-1]["positions"]


async def test_the_positions_of_a_pong_count_filtered_events() -> None:
    talk = Talk(types=["balance"])
    talk.publish(1, filter_type="balance")
    talk.publish(4, filter_type="system")
    assert await talk.pong() == {STREAM: {"offset": 5, "epoch": "e"}}
    assert offsets(talk.notebook) == [1]


async def test_presence_is_answered_and_told_to_the_next_report_once() -> None:
    talk = Talk()
    talk.hub.sockets.attach(talk.socket)
    talk.hub.sockets.roster.take()
    for state in ("active", "active"):
        talk.say(type="presence", state=state)
    assert await talk.heard("presence_updated") == [{"state": "active"}] * 2
    assert talk.socket.connection.is_active
    assert talk.hub.sockets.roster.take().changed == {talk.socket.connection.id: talk.socket}
    talk.say(type="presence", state="active")
    assert not talk.hub.sockets.roster.take().changed
    talk.say(type="presence", state="away")
    assert not talk.socket.connection.is_active
    assert talk.hub.sockets.roster.take().changed


async def test_a_socket_leaves_with_the_positions_that_it_had() -> None:
    talk = Talk()
    talk.hub.sockets.attach(talk.socket)
    talk.publish(2)
    talk.say(type="ack", stream=STREAM, offset=1)
    await turned()
    talk.conversation.put_nowait({"type": "websocket.disconnect", "code": 1001})
    talk.conversation.end(1006)  # once more, for nothing
    [gone] = talk.hub.departures.take()
    assert (gone.code, gone.written, gone.acked) == (1001, {STREAM: 2}, {STREAM: 1})


async def test_a_pong_has_the_position_of_its_socket_and_not_of_the_node() -> None:
    talk = Talk(place=StreamPosition("e", 2))  # it waits for a replay
    talk.publish(7)
    assert await talk.pong() == {STREAM: {"offset": 2, "epoch": "e"}}


@pytest.mark.parametrize("types", [(), ("system",)])
async def test_a_pong_counts_no_event_of_a_burst_that_is_still_unsent(types: Sequence[str]) -> None:
    talk = Talk(types=types)
    if not types:
        talk.socket.pipe = None  # something waits: what comes is queued
    talk.publish(11, size=8500)  # the queue takes eight, and refuses three in the last piece
    talk.say(type="ping")
    talk.socket.flush()
    [pong] = await talk.heard("pong")
    assert pong["positions"][STREAM]["offset"] == offsets(talk.notebook)[-1] == 8
    talk.socket.gone()


async def test_a_pong_before_the_login_has_no_position() -> None:
    talk = Talk()
    talk.socket.connection.places.clear()
    assert await talk.pong() == {}


class Open(RoomKind):
    """Rooms `open:…`; notes which it is asked for."""

    topic = "open"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def matches(self, room: str) -> bool:
        return room.startswith("open:")

    def may_join(self, user_id: int, room: str) -> bool:
        self.asked.append(room)
        if room == "open:broken":
            raise RuntimeError("this kind has a fault")
        return not room.startswith("open:closed")


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> Open:
    found = Open()
    monkeypatch.setattr(rooms, "kind_of", lambda room: found if found.matches(room) else None)
    return found


async def join(talk: Talk, *names: str) -> list[dict[str, Any]]:
    """Join rooms, and return the answers once all of them have one."""
    talk.say(type="join_room", rooms=list(names), id="j")
    async with asyncio.timeout(10):
        while True:
            await turned()
            found = [m for m in talk.notebook.messages() if m.get("id") == "j"]
            answered = [r for m in found for r in m["data"].get("rooms") or [m["room"]]]
            if len(answered) >= len(names):
                assert sorted(answered) == sorted(names)
                return found


async def test_unknown_rooms_of_one_command_are_one_error_that_names_them(kind: Open) -> None:
    talk = Talk()
    unknown = [f"nowhere:{number}" for number in range(49)]
    joined, refused = await join(talk, *unknown, "open:a", "open:closed")
    assert (joined["type"], joined["room"]) == ("room_joined", "open:a")
    assert refused["data"]["code"] == "unknown_room"
    assert refused["data"]["rooms"] == [*unknown, "open:closed"]  # they look alike
    assert "'nowhere:0', 'nowhere:1', 'nowhere:2' and 47 more" in refused["data"]["message"]
    [alone] = await join(Talk(), "nowhere:1")
    assert "'nowhere:1'" in alone["data"]["message"]


async def test_a_known_room_that_is_refused_has_an_error_of_its_own(kind: Open) -> None:
    talk = Talk()
    most = talk.hub.options.max_rooms_per_connection
    talk.socket.connection.rooms = {f"open:{number}": "realtime" for number in range(most - 1)}
    answers = await join(talk, "nowhere:1", "open:a", "nowhere:2", "open:b", "open:c")
    assert [(m["type"], m["data"].get("code"), m["data"].get("rooms")) for m in answers] == [
        ("room_joined", None, None),  # an unknown one takes no place
        ("error", "too_many_rooms", ["open:b"]),
        ("error", "too_many_rooms", ["open:c"]),
        ("error", "unknown_room", ["nowhere:1", "nowhere:2"]),
    ]


async def test_a_room_that_fails_to_open_ends_no_other(
    kind: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = Talk()
    settled = AsyncMock(side_effect=[RuntimeError("a fault"), None])
    monkeypatch.setattr(talk.hub.receiver, "settled", settled)
    failed, joined = await join(talk, "open:failing", "open:a")
    assert (failed["data"]["code"], failed["data"]["rooms"]) == ("internal", ["open:failing"])
    assert joined["type"] == "room_joined"


async def test_a_failing_kind_of_room_is_one_error_for_all_rooms(kind: Open) -> None:
    [failed] = await join(Talk(), "open:a", "open:broken", "open:b")
    assert failed["data"]["code"] == "internal"
    assert failed["data"]["rooms"] == ["open:a", "open:broken", "open:b"]
