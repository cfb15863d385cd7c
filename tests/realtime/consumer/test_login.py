"""A login takes effect as a whole, or stores nothing."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async

from realtime import log
from realtime.consumer import login
from realtime.core.continuity import StreamPosition
from realtime.core.identity import Identity
from realtime.hub import login_data
from realtime.hub.hub import Hub
from realtime.hub.socket import Socket
from realtime.log import CursorMove
from realtime.models import Cursor
from realtime.options import Options
from realtime.protocol.codes import CloseCode
from tests.realtime.consumer.conftest import identity_of, loading_and, retryable
from tests.realtime.rig import Held, Notebook, connected, turned
from tests.stored import append

pytestmark = pytest.mark.django_db(transaction=True)


def phone(own: Hub) -> tuple[Socket, Notebook]:
    """Connect a device that names itself."""
    socket, notebook = connected(own)
    socket.connection.device = "phone"
    return socket, notebook


@sync_to_async
def cursors() -> dict[tuple[str, str], tuple[str, int]]:
    found = Cursor.objects.select_related("stream")
    return {(c.device, c.stream.name): (c.epoch, c.acked) for c in found}


async def test_the_first_position_of_a_device_is_stored_before_the_greeting(
    own: Hub, user_id: int
) -> None:
    socket, notebook = phone(own)
    await login.log_in(own, socket, identity_of(user_id))
    stored = await cursors()  # nothing was flushed
    await turned()
    [greeting] = [m for m in notebook.messages() if m["type"] == "connection_established"]
    told = greeting["data"]["positions"]
    assert len(told) == 2
    assert stored == {("phone", name): (at["epoch"], at["offset"]) for name, at in told.items()}


async def test_a_cursor_learns_the_class_of_its_device_and_stays_where_it_is(
    own: Hub, user_id: int
) -> None:
    stream = f"user:{user_id}"
    [entry] = await sync_to_async(append)(stream, 1)
    move = CursorMove(user_id, "phone", stream, entry.epoch, 1)
    await sync_to_async(log.move_cursors)([move])
    for said, known in (("phone", "phone"), ("", "phone"), ("desktop", "desktop")):
        socket, _ = phone(own)
        socket.connection.device_class = said
        await login.log_in(own, socket, identity_of(user_id))
        found = await Cursor.objects.aget(stream__name=stream)
        assert (found.device_class, found.acked) == (known, 1)


async def test_a_device_begins_at_the_position_that_another_node_has_stored(
    own: Hub, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = f"user:{user_id}"
    [entry] = await sync_to_async(append)(stream, 1)
    move = CursorMove(user_id, "phone", stream, entry.epoch, 0)
    loading = loading_and(lambda: log.begin_cursors([move]))
    monkeypatch.setattr(login_data, "load", loading)
    socket, _ = phone(own)
    await login.log_in(own, socket, identity_of(user_id))
    place = socket.connection.places[stream]
    assert (place.epoch, place.offset) == (entry.epoch, 0)


async def test_a_refused_login_stores_nothing(own: Hub, user_id: int) -> None:
    socket, _ = phone(own)
    await login.log_in(own, socket, Identity(user_id, 2e9, "s", "of an older password"))
    assert socket.close_code == CloseCode.UNAUTHORIZED
    assert await cursors() == {}


async def test_a_login_whose_client_leaves_while_it_is_read_stores_nothing(
    own: Hub, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket, notebook = phone(own)
    loop = asyncio.get_running_loop()

    async def leave() -> None:
        own.detach(socket)

    def leaves() -> None:
        asyncio.run_coroutine_threadsafe(leave(), loop).result(10)

    monkeypatch.setattr(login_data, "load", loading_and(leaves))
    asking = socket.spawn(login.log_in(own, socket, identity_of(user_id)))
    with pytest.raises(asyncio.CancelledError):
        await asking
    monkeypatch.undo()
    other, _ = connected(own)
    await login.log_in(own, other, identity_of(user_id))  # the loader has ended by now
    assert await cursors() == {}
    assert notebook.messages() == []


async def test_a_login_reads_nothing_for_a_client_that_the_kernel_knows_to_be_gone(
    own: Hub, user_id: int
) -> None:
    socket, notebook = phone(own)
    notebook.has_left = True
    socket.opened_at -= login.LOOK_SECONDS  # since the door has looked
    await login.log_in(own, socket, identity_of(user_id))
    assert notebook.aborted
    assert await cursors() == {}


async def test_a_socket_closed_during_its_login_displaces_no_other(
    user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Hub(Options(max_connections_per_user=1))
    staying, _ = connected(own)
    await login.log_in(own, staying, identity_of(user_id))
    assert list(own.sockets.users[user_id]) == [staying]
    slow = Held(login_data.load)
    monkeypatch.setattr(login_data, "load", slow)
    leaving, _ = connected(own)
    logging_in = asyncio.create_task(login.log_in(own, leaving, identity_of(user_id)))
    await slow.called()
    own.sockets.send_away(leaving)
    slow.may_go_on.set()
    await logging_in
    assert list(own.sockets.users[user_id]) == [staying]
    assert staying.close_code is None
    for socket in (staying, leaving):
        own.detach(socket)


async def test_an_ack_during_the_next_login_of_its_device_counts(
    own: Hub, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, answering = login_data.load, Held(lambda found: found)
    monkeypatch.setattr(login_data, "load", lambda keys: answering(load(keys)))
    stream = f"user:{user_id}"
    epoch = (await sync_to_async(log.ensure)([stream]))[stream].epoch
    await sync_to_async(log.move_cursors)([CursorMove(user_id, "phone", stream, epoch, 2)])
    old, _ = connected(own)
    old.connection.user_id, old.connection.device = user_id, "phone"
    old.connection.places[stream] = StreamPosition(epoch, 9)
    new, _ = phone(own)
    logging_in = asyncio.create_task(login._session(own, new, identity_of(user_id)))
    await answering.called()  # with what is stored before the acknowledgement
    own.acks.put(old, stream, 7, None)
    answering.may_go_on.set()
    found = await logging_in
    assert found is not None
    assert found.cursors == {stream: (epoch, 7)}


async def test_a_login_times_out_while_the_database_hangs(user_id: int, hanging: Held) -> None:
    own = Hub(Options(login_patience_seconds=0.01))
    socket, notebook = connected(own)
    async with asyncio.timeout(20):
        await login.log_in(own, socket, identity_of(user_id))
    await turned()
    assert notebook.closed == CloseCode.TIMEOUT
    assert retryable(notebook) == [True]
    assert own.sockets.users == {}
    own.detach(socket)
    assert own.streams.followed == {}
