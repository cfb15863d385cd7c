"""A login takes effect as a whole, or the socket is closed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from realtime import log
from realtime.access import changes, tokens
from realtime.access.validity import stamp_of
from realtime.consumer import login
from realtime.consumer.consumer import NotificationConsumer
from realtime.core.continuity import StreamPosition
from realtime.core.identity import Identity
from realtime.core.transport import EXTENSION, Listener
from realtime.hub import hub, login_data
from realtime.hub.hub import Hub
from realtime.log import CursorMove
from realtime.models import Cursor
from realtime.options import Options
from realtime.protocol.codes import CloseCode
from tests.nodes import token_for
from tests.realtime.rig import Held, Notebook, connected, turned
from tests.services.ports import until
from tests.stored import append, page_after

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def own() -> AsyncIterator[Hub]:
    hub = Hub(Options())
    yield hub
    for socket in list(hub.sockets):
        hub.detach(socket)


def identity_of(user_id: int, session: str = "s", *, until: float = 2e9) -> Identity:
    return Identity(user_id, until, session, stamp_of(""))


def loading_and(act: Callable[[], object]) -> Callable[[Any], Any]:
    """Read logins as the hub does, and let something happen before they count."""
    load = login_data.load

    def and_meanwhile(keys: Any) -> Any:
        found = load(keys)
        act()
        return found

    return and_meanwhile


async def test_a_login_that_fails_half_way_closes_the_socket(
    own: Hub, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket, notebook = connected(own)

    def fail(*_: Any) -> bool:
        raise RuntimeError("no greeting")

    monkeypatch.setattr(login, "greet", fail)
    token = token_for(user_id)
    with pytest.raises(RuntimeError):
        await login.authenticate(own, socket, token, "1")
    await turned()
    # It has a user now, and nothing that would ever end it.
    assert notebook.closed == CloseCode.TIMEOUT
    assert [m["data"]["retryable"] for m in notebook.messages() if m["type"] == "error"] == [True]
    assert own.sockets.users == {}


async def test_the_last_socket_that_a_node_takes_may_log_in_by_a_message(user_id: int) -> None:
    full = Hub(Options(max_connections_per_node=1))
    socket, notebook = connected(full)
    assert full.shut_for() == "full"
    await login.authenticate(full, socket, token_for(user_id), "1")
    await turned()
    assert (notebook.closed, list(full.sockets.users)) == (None, [user_id])
    full.detach(socket)


@sync_to_async
def cursors() -> dict[tuple[str, str], tuple[str, int]]:
    found = Cursor.objects.select_related("stream")
    return {(c.device, c.stream.name): (c.epoch, c.acked) for c in found}


async def test_the_first_position_of_a_device_is_stored_before_the_greeting(
    own: Hub, user_id: int
) -> None:
    socket, notebook = connected(own)
    socket.connection.device = "phone"
    await login.log_in(own, socket, identity_of(user_id))
    stored = await cursors()  # nothing was flushed
    await turned()
    [greeting] = [m for m in notebook.messages() if m["type"] == "connection_established"]
    told = greeting["data"]["positions"]
    assert len(told) == 2
    assert stored == {("phone", name): (at["epoch"], at["offset"]) for name, at in told.items()}


async def test_a_device_begins_at_the_position_that_another_node_has_stored(
    own: Hub, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = f"user:{user_id}"
    [entry] = await sync_to_async(append)(stream, 1)
    move = CursorMove(user_id, "phone", stream, entry.epoch, 0)
    loading = loading_and(lambda: log.begin_cursors([move]))
    monkeypatch.setattr(login_data, "load", loading)
    socket, _ = connected(own)
    socket.connection.device = "phone"
    await login.log_in(own, socket, identity_of(user_id))
    place = socket.connection.places[stream]
    assert (place.epoch, place.offset) == (entry.epoch, 0)


async def test_a_refused_login_stores_nothing(own: Hub, user_id: int) -> None:
    socket, _ = connected(own)
    socket.connection.device = "phone"
    await login.log_in(own, socket, Identity(user_id, 2e9, "s", "of an older password"))
    assert socket.close_code == CloseCode.UNAUTHORIZED
    assert await cursors() == {}


async def test_a_login_whose_client_leaves_while_it_is_read_stores_nothing(
    own: Hub, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket, notebook = connected(own)
    socket.connection.device = "phone"
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
    socket, notebook = connected(own)
    socket.connection.device = "phone"
    notebook.has_left = True
    socket.opened_at -= login.LOOK_SECONDS  # since the door has looked
    await login.log_in(own, socket, identity_of(user_id))
    assert notebook.aborted
    assert await cursors() == {}


async def test_a_renewal_is_rechecked_if_its_login_ended_while_it_was_read(
    own: Hub, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    socket, _ = connected(own)
    await login.log_in(own, socket, identity_of(user_id, "old"))

    async def hear() -> None:
        [entry] = (await asyncio.to_thread(page_after, f"user:{user_id}", 0))[1]
        own.streams.receive([entry])
        await turned()
        assert own.recheck._rechecking is not None
        await own.recheck._rechecking  # at the login that the socket stands for until now

    def end() -> None:
        changes.end_session(user_id=user_id, session="new")
        asyncio.run_coroutine_threadsafe(hear(), loop).result(10)

    monkeypatch.setattr(login_data, "load", loading_and(end))
    await login._renew(own, socket, identity_of(user_id, "new"), "1")
    assert own.recheck._rechecking is not None
    await own.recheck._rechecking
    assert socket.close_code == CloseCode.UNAUTHORIZED


async def test_a_renewed_login_ends_when_the_new_token_does(own: Hub, user_id: int) -> None:
    socket, notebook = connected(own)
    await login.log_in(own, socket, identity_of(user_id, until=time.time() + 100))
    first = socket.expiry
    await login._renew(own, socket, identity_of(user_id, until=time.time() + 200), "1")
    assert first is not None and first.action is None
    for seconds, warnings in ((101, 0), (150, 1)):
        for action in own.wheel.advance(time.monotonic() + seconds):
            action()
        await turned()
        assert (notebook.closed, socket.close_code) == (None, None)
        told = [m for m in notebook.messages() if m["type"] == "token_expiring"]
        assert len(told) == warnings
    for action in own.wheel.advance(time.monotonic() + 201):
        action()
    await turned()
    assert notebook.closed == CloseCode.UNAUTHORIZED


async def test_a_login_that_ended_while_the_node_slept_is_told_nothing_more(
    own: Hub, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket, notebook = connected(own)
    await login.log_in(own, socket, identity_of(user_id, until=time.time() + 100))
    later = time.monotonic() + 200
    monkeypatch.setattr(login, "time", SimpleNamespace(monotonic=lambda: later, time=time.time))
    for action in own.wheel.advance(later):
        action()
    await turned()
    assert notebook.closed == CloseCode.UNAUTHORIZED
    assert "token_expiring" not in [message["type"] for message in notebook.messages()]


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
    new, _ = connected(own)
    new.connection.device = "phone"
    logging_in = asyncio.create_task(login._session(own, new, identity_of(user_id)))
    await answering.called()  # with what is stored before the acknowledgement
    own.acks.put(old, stream, 7, None)
    answering.may_go_on.set()
    found = await logging_in
    assert found is not None
    assert found.cursors == {stream: (epoch, 7)}


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Let the database hang at the login; in the end nothing asks it, while tables are emptied."""
    held = Held(lambda keys: {})
    monkeypatch.setattr(login_data, "load", held)
    yield held
    held.may_go_on.set()


async def test_a_login_times_out_while_the_database_hangs(user_id: int, hanging: Held) -> None:
    own = Hub(Options(login_patience_seconds=0.01))
    socket, notebook = connected(own)
    async with asyncio.timeout(20):
        await login.log_in(own, socket, identity_of(user_id))
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


def serving(writer: Offered, **more: object) -> asyncio.Task[None]:
    """Serve a handshake to such a server."""
    scope: dict[str, Any] = {
        "type": "websocket",
        "extensions": {EXTENSION: writer},
        "identity": None,
        "query": {},
        "query_flaw": None,
        "subprotocols": [],
        "headers": [],
    }

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: object) -> None: ...

    return asyncio.create_task(NotificationConsumer()({**scope, **more}, receive, send))


async def test_a_login_ends_with_its_client_while_the_database_hangs(
    user_id: int, hanging: Held
) -> None:
    writer = Offered()
    served = serving(writer, identity=identity_of(user_id))
    own = await hub.ensure()
    try:
        await hanging.called()
        writer.listener.put_nowait({"type": "websocket.disconnect"})
        async with asyncio.timeout(20):
            await served  # the database hangs still
        assert not list(own.sockets)
        assert own.streams.followed == {}
    finally:
        await hub.close()


async def test_a_device_that_is_refused_writes_no_line_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    writer = Offered()
    try:
        with caplog.at_level("INFO", "realtime"):
            query = {"device": "a\nERROR forged"}
            await serving(writer, query=query, query_flaw="`device` is not printable.")
            writer.listener.put_nowait({"type": "websocket.disconnect"})
        [line] = [text for text in caplog.messages if text.startswith("closed ")]
        assert "device=-" in line and "forged" not in caplog.text
    finally:
        await hub.close()


@pytest.fixture
async def busy(own: Hub, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncio.Event]:
    """Let one login be under way, as many as may be, until the event is set."""
    monkeypatch.setattr(own.door._admission, "_most", 1)
    over, began = asyncio.Event(), asyncio.Event()

    async def take() -> None:
        async with own.door.turn() as has_turn:
            assert has_turn
            began.set()
            await over.wait()

    taking = asyncio.create_task(take())
    await began.wait()
    yield over
    over.set()
    await taking
    await until(lambda: not own.door.waiting)
    assert own.door.under_way == 0


async def test_a_login_by_a_message_waits_for_its_turn(
    own: Hub, user_id: int, busy: asyncio.Event
) -> None:
    socket, notebook = connected(own)
    asking = asyncio.create_task(login.authenticate(own, socket, token_for(user_id), "1"))
    await until(lambda: own.door.waiting == 1)
    await turned()
    assert notebook.messages() == []
    busy.set()
    await asking
    await turned()
    assert [m["type"] for m in notebook.messages()][:2] == [
        "authenticated",
        "connection_established",
    ]


async def test_a_login_by_a_message_beyond_what_the_node_takes_is_sent_away(
    own: Hub, user_id: int, busy: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own.door._admission, "_seconds", 0.0)
    first, _ = connected(own)
    waiting = asyncio.create_task(login.authenticate(own, first, token_for(user_id), "1"))
    await until(lambda: own.door.waiting == 1)
    monkeypatch.setattr(tokens, "verify", None)  # nothing is checked
    socket, notebook = connected(own)
    await login.authenticate(own, socket, token_for(user_id), "1")
    await turned()
    assert [m["type"] for m in notebook.messages()] == ["server_shutdown"]
    assert (notebook.closed, own.door.refused) == (CloseCode.RESTART, 1)
    monkeypatch.undo()
    busy.set()
    await waiting


async def test_a_login_that_waited_is_checked_no_more_once_its_address_has_offered_too_many(
    own: Hub, user_id: int, busy: asyncio.Event
) -> None:
    socket, notebook = connected(own)
    asking = asyncio.create_task(login.authenticate(own, socket, token_for(user_id), "1"))
    await until(lambda: own.door.waiting == 1)
    own.refusals.charge(socket.peer.network, 1000, time.monotonic())  # of those before it
    busy.set()
    await asking
    assert (notebook.closed, notebook.messages()) == (CloseCode.RATE_LIMITED, [])


async def test_a_renewal_waits_for_its_turn_and_is_never_sent_away(
    own: Hub, user_id: int, busy: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own.door._admission, "_seconds", 0.0)
    socket, notebook = connected(own)
    await login.log_in(own, socket, identity_of(user_id))
    await turned()
    notebook.writes.clear()
    asking = asyncio.create_task(login.authenticate(own, socket, token_for(user_id), "1"))
    await until(lambda: own.door.waiting == 1)
    busy.set()
    await asking
    await turned()
    told = [m["type"] for m in notebook.messages()]  # and what the login before still gets
    assert (told.count("authenticated"), "error" in told, notebook.closed) == (1, False, None)


async def test_a_renewal_that_gets_no_turn_is_told_to_try_again(
    own: Hub, user_id: int, busy: asyncio.Event
) -> None:
    socket, notebook = connected(own)
    await login.log_in(own, socket, identity_of(user_id))
    own.options = Options(login_patience_seconds=0.01)
    await turned()
    notebook.writes.clear()
    await login.authenticate(own, socket, token_for(user_id), "1")
    await turned()
    [told] = [each for each in notebook.messages() if each["type"] == "error"]
    assert (told["data"]["retryable"], notebook.closed) == (True, None)


async def test_a_socket_that_closes_in_the_line_takes_no_turn(
    own: Hub, user_id: int, busy: asyncio.Event
) -> None:
    socket, _ = connected(own)
    asking = socket.spawn(login.authenticate(own, socket, token_for(user_id), "1"))
    await until(lambda: own.door.waiting == 1)
    own.detach(socket)
    with pytest.raises(asyncio.CancelledError):
        await asking
