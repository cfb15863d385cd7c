"""The sockets that have closed, as the next report tells of them."""

from __future__ import annotations

import pytest

from realtime.core.continuity import StreamPosition
from realtime.core.frames import Frame
from realtime.core.notes import Note
from realtime.hub import departures
from realtime.hub.departures import Departures
from realtime.hub.hub import Hub
from realtime.hub.socket import Socket
from realtime.options import Options
from realtime.protocol.codes import CloseCode
from tests.realtime.rig import connected


def greeted(hub: Hub, name: str) -> Socket:
    socket, _ = connected(hub, name)
    socket.connection.user_id = 7
    socket.connection.places["user:7"] = StreamPosition("e", 4)
    hub.sockets.attach(socket)
    return socket


async def test_a_socket_leaves_with_where_it_stood() -> None:
    hub, noted = Hub(Options()), Departures()
    socket = greeted(hub, "a")
    socket.connection.acked = {"user:7": 3}
    hub.sockets.be_active(socket, True)
    noted.add(socket, 1001)
    [gone] = noted.take()
    assert (gone.connection_id, gone.user_id, gone.code) == ("a", 7, 1001)
    assert (gone.written, gone.acked) == ({"user:7": 4}, {"user:7": 3})
    assert gone.active_at == gone.closed_at >= gone.opened_at
    assert (gone.queued, gone.notes) == (0, [])
    assert noted.take() == ()


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_socket_leaves_with_its_notes_and_with_what_waited(at_once: bool) -> None:
    hub, noted = Hub(Options()), Departures()
    socket = greeted(hub, "a")
    socket.connection.began = 3
    socket.connection.note((0.0, Note(kind="replayed", stream="user:7", before=1, to=4)))
    socket.held()
    socket.put(Frame(b"x" * 100, "x"))
    if at_once:
        socket.close(CloseCode.SLOW_CONSUMER, at_once=True)
    noted.add(socket, 4503)
    [gone] = noted.take()
    assert gone.queued >= 100
    live, note = gone.notes
    assert (live.kind, live.stream, live.before) == ("live", "user:7", 3)
    assert (note.kind, note.before, note.to) == ("replayed", 1, 4)
    assert note.seconds_ago == pytest.approx(gone.closed_at, abs=0.01)


async def test_a_person_who_had_left_was_there_until_then() -> None:
    hub, noted = Hub(Options()), Departures()
    socket = greeted(hub, "a")
    hub.sockets.be_active(socket, True)
    hub.sockets.be_active(socket, False)
    left_at = socket.connection.active_at
    noted.add(socket, 1001)
    assert noted.take()[0].active_at == left_at is not None


async def test_a_socket_that_was_never_greeted_leaves_nothing() -> None:
    hub, noted = Hub(Options()), Departures()
    socket, _ = connected(hub)
    noted.add(socket, 1001)
    assert noted.take() == ()


async def test_what_could_not_be_told_comes_first_and_the_oldest_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(departures, "MAX_WAITING", 3)
    hub, noted = Hub(Options()), Departures()
    for name in "abc":
        noted.add(greeted(hub, name), 1001)
    untold = noted.take()
    noted.add(greeted(hub, "d"), 1001)
    noted.put_back(untold)
    assert [gone.connection_id for gone in noted.take()] == ["b", "c", "d"]
    for name in "efg":
        noted.add(greeted(hub, name), 1001)
    noted.put_back(untold)
    assert [gone.connection_id for gone in noted.take()] == ["e", "f", "g"]
