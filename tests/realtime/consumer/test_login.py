"""A login is whole, or the socket ends."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import transaction

from realtime import log
from realtime.access import changes
from realtime.access.validity import stamp_of
from realtime.consumer import login
from realtime.consumer.consumer import NotificationConsumer
from realtime.core.continuity import StreamPosition
from realtime.core.identity import Identity
from realtime.core.state import ConnectionState
from realtime.core.transport import EXTENSION, Listener
from realtime.hub import hub, login_data
from realtime.hub.hub import Hub
from realtime.hub.socket import Socket
from realtime.log import CursorMove, StoredEvent
from realtime.models import Cursor
from realtime.options import Options
from realtime.protocol.codes import CloseCode
from realtime.protocol.messages import AccessChanged
from tests.nodes import token_for
from tests.realtime.rig import Notebook, turned
from tests.stored import page_after

pytestmark = pytest.mark.django_db(transaction=True)


def stranger(own: Hub) -> tuple[Socket, Notebook]:
    """Connect somebody without a login."""
    notebook = Notebook()
    socket = notebook.socket = Socket(
        ConnectionState("c", own.options.limits), notebook, own.cycle, 1 << 17
    )
    own.sockets.admit(socket)
    return socket, notebook


@sync_to_async
def user() -> int:
    return int(get_user_model().objects.create(username="alice").pk)


def append(stream: str) -> list[StoredEvent]:
    with transaction.atomic():
        return log.append([(stream, AccessChanged(change="rights"))])


async def test_a_login_that_fails_half_way_ends_the_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = Hub(Options())
    socket, notebook = stranger(own)

    def fail(*_: Any) -> bool:
        raise RuntimeError("no greeting")

    monkeypatch.setattr(login, "greet", fail)
    token = token_for(await user())
    with pytest.raises(RuntimeError):
        await login.authenticate(own, socket, token, "1")
    await turned()
    # It has a user now, and nothing that would ever end it.
    assert notebook.closed == CloseCode.TIMEOUT
    assert [m["data"]["retryable"] for m in notebook.messages() if m["type"] == "error"] == [True]
    assert own.sockets.users == {}


@sync_to_async
def cursors() -> dict[tuple[str, str], tuple[str, int]]:
    found = Cursor.objects.select_related("stream")
    return {(c.device, c.stream.name): (c.epoch, c.acked) for c in found}


async def test_where_a_new_device_begins_is_stored_before_it_is_told() -> None:
    own = Hub(Options())
    user_id = await user()
    socket, notebook = stranger(own)
    socket.connection.device = "phone"
    await login.log_in(own, socket, Identity(user_id, 2e9, "s", stamp_of("")))
    stored = await cursors()  # nothing was flushed
    await turned()
    [greeting] = [m for m in notebook.messages() if m["type"] == "connection_established"]
    told = greeting["data"]["positions"]
    assert len(told) == 2
    assert stored == {("phone", name): (at["epoch"], at["offset"]) for name, at in told.items()}
    own.detach(socket)


async def test_a_new_device_begins_where_another_node_has_let_it_begin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = Hub(Options())
    user_id = await user()
    stream = f"user:{user_id}"
    [entry] = await sync_to_async(append)(stream)
    load = login_data.load

    def and_meanwhile(keys: Any) -> Any:
        found = load(keys)
        log.begin_cursors([CursorMove(user_id, "phone", stream, entry.epoch, 0)])
        return found

    monkeypatch.setattr(login_data, "load", and_meanwhile)
    socket, _ = stranger(own)
    socket.connection.device = "phone"
    await login.log_in(own, socket, Identity(user_id, 2e9, "s", stamp_of("")))
    place = socket.connection.places[stream]
    assert (place.epoch, place.offset) == (entry.epoch, 0)
    own.detach(socket)


async def test_one_who_may_not_log_in_stores_nothing() -> None:
    own = Hub(Options())
    socket, _ = stranger(own)
    socket.connection.device = "phone"
    await login.log_in(own, socket, Identity(await user(), 2e9, "s", "of an older password"))
    assert socket.close_code == CloseCode.UNAUTHORIZED
    assert await cursors() == {}
    own.detach(socket)


async def test_a_renewal_whose_login_ended_while_it_was_read_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own, loop = Hub(Options()), asyncio.get_running_loop()
    user_id = await user()
    socket, _ = stranger(own)
    await login.log_in(own, socket, Identity(user_id, 2e9, "old", stamp_of("")))
    load = login_data.load

    async def hear() -> None:
        [entry] = (await asyncio.to_thread(page_after, f"user:{user_id}", 0))[1]
        own.streams.receive([entry])
        await turned()
        assert own.recheck._rechecking is not None
        await own.recheck._rechecking  # at the login that the socket stands for until now

    def and_meanwhile(keys: Any) -> Any:
        found = load(keys)
        changes.end_session(user_id=user_id, session="new")
        asyncio.run_coroutine_threadsafe(hear(), loop).result(10)
        return found

    monkeypatch.setattr(login_data, "load", and_meanwhile)
    await login._renew(own, socket, Identity(user_id, 2e9, "new", stamp_of("")), "1")
    assert own.recheck._rechecking is not None
    await own.recheck._rechecking
    assert socket.close_code == CloseCode.UNAUTHORIZED
    own.detach(socket)


async def test_a_renewed_login_ends_when_the_new_token_does() -> None:
    own, user_id = Hub(Options()), await user()
    socket, notebook = stranger(own)
    await login.log_in(own, socket, Identity(user_id, time.time() + 100, "s", stamp_of("")))
    first = [socket.expiry, socket.warning]
    await login._renew(own, socket, Identity(user_id, time.time() + 200, "s", stamp_of("")), "1")
    assert [deadline.action for deadline in first if deadline is not None] == [None, None]
    for action in own.wheel.advance(time.monotonic() + 101):
        action()
    await turned()
    assert (notebook.closed, socket.close_code) == (None, None)
    for action in own.wheel.advance(time.monotonic() + 201):
        action()
    await turned()
    assert notebook.closed == CloseCode.UNAUTHORIZED
    own.detach(socket)


async def test_one_who_is_sent_away_during_the_login_takes_nobodys_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_answer = threading.Event()
    load = login_data.load

    def slowly(keys: Any) -> Any:
        may_answer.wait(10)
        return load(keys)

    monkeypatch.setattr(login_data, "load", slowly)
    own = Hub(Options(max_connections_per_user=1))
    user_id = await user()
    identity = Identity(user_id, 2e9, "s", stamp_of(""))
    may_answer.set()
    staying, _ = stranger(own)
    await login.log_in(own, staying, identity)
    assert list(own.sockets.users[user_id]) == [staying]
    may_answer.clear()
    leaving, _ = stranger(own)
    logging_in = asyncio.create_task(login.log_in(own, leaving, identity))
    await asyncio.sleep(0)
    own.sockets.send_away(leaving)
    may_answer.set()
    await logging_in
    assert list(own.sockets.users[user_id]) == [staying]
    assert staying.close_code is None
    for socket in (staying, leaving):
        own.detach(socket)


async def test_what_a_device_acknowledges_while_it_logs_in_again_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, may_answer = threading.Event(), threading.Event()
    load = login_data.load

    def slowly(keys: Any) -> Any:
        found = load(keys)  # of before the acknowledgement
        asked.set()
        may_answer.wait(10)
        return found

    monkeypatch.setattr(login_data, "load", slowly)
    own = Hub(Options())
    user_id = await user()
    stream = f"user:{user_id}"
    epoch = (await sync_to_async(log.ensure)([stream]))[stream].epoch
    await sync_to_async(log.move_cursors)([CursorMove(user_id, "phone", stream, epoch, 2)])
    identity = Identity(user_id, 2e9, "s", stamp_of(""))
    old, _ = stranger(own)
    old.connection.user_id, old.connection.device = user_id, "phone"
    old.connection.places[stream] = StreamPosition(epoch, 9)
    new, _ = stranger(own)
    new.connection.device = "phone"
    logging_in = asyncio.create_task(login._session(own, new, identity))
    await asyncio.to_thread(asked.wait, 10)
    own.acks.put(old, stream, 7, None)
    may_answer.set()
    found = await logging_in
    assert found is not None
    assert found.cursors == {stream: (epoch, 7)}


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let the database hang at the login; set once it was asked."""
    asked, may_answer = threading.Event(), threading.Event()
    load = login_data.load

    def hang(keys: Any) -> Any:
        asked.set()
        may_answer.wait(60)
        return load(keys)

    monkeypatch.setattr(login_data, "load", hang)
    yield asked
    may_answer.set()


async def test_a_login_has_an_end_while_the_database_hangs(hanging: threading.Event) -> None:
    own = Hub(Options(login_patience_seconds=0.01))
    identity = Identity(await user(), 2e9, "s", stamp_of(""))
    socket, notebook = stranger(own)
    async with asyncio.timeout(20):
        await login.log_in(own, socket, identity)
    await turned()
    assert notebook.closed == CloseCode.TIMEOUT
    assert [m["data"]["retryable"] for m in notebook.messages() if m["type"] == "error"] == [True]
    assert own.sockets.users == {}
    own.detach(socket)
    assert own.streams.followed == {}


class Offered(Notebook):
    """The writer of a server of ours."""

    def take_over(self, listener: Listener) -> None:
        self.listener = listener


async def test_a_login_ends_with_its_client_while_the_database_hangs(
    hanging: threading.Event,
) -> None:
    identity = Identity(await user(), 2e9, "s", stamp_of(""))
    writer = Offered()
    scope = {
        "type": "websocket",
        "extensions": {EXTENSION: writer},
        "identity": identity,
        "query": {},
        "query_flaw": None,
        "subprotocols": [],
        "headers": [],
    }

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: object) -> None: ...

    serving = asyncio.create_task(NotificationConsumer()(scope, receive, send))
    own = await hub.ensure()
    try:
        await asyncio.to_thread(hanging.wait, 20)
        writer.listener.put_nowait({"type": "websocket.disconnect"})
        async with asyncio.timeout(20):
            await serving  # the database hangs still
        assert not list(own.sockets)
        assert own.streams.followed == {}
    finally:
        await hub.close()
