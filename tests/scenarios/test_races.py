"""Rights that change while somebody is let in: nobody stays for having been quick."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from realtime import rooms
from realtime.access import changes, tokens, validity
from realtime.access.validity import stamp_of
from realtime.consumer import login
from realtime.consumer.commands import CommandRunner
from realtime.core.identity import Identity
from realtime.core.state import ConnectionState
from realtime.db.batch import BatchedLoader
from realtime.hub import hub as hubs
from realtime.hub import login_data
from realtime.hub.hub import Hub
from realtime.hub.login_data import Login, LoginData
from realtime.hub.socket import Socket
from realtime.protocol.codes import CloseCode
from realtime.publish import Ephemeral
from realtime.rooms import RoomKind
from tests.nodes import token_for
from tests.realtime.rig import Notebook

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 5.0  # less than the look at everybody takes to come


@pytest.fixture
async def node() -> AsyncIterator[Hub]:
    yield await hubs.ensure()
    await hubs.close()


@pytest.fixture
def alice() -> User:
    return User.objects.create(username="alice", is_staff=True)


def enter(node: Hub, name: str) -> tuple[Socket, Notebook]:
    notebook = Notebook()
    socket = notebook.socket = Socket(
        ConnectionState(name, node.options.limits), notebook, node.cycle, 128 * 1024
    )
    node.sockets.admit(socket)
    return socket, notebook


async def logged_in(node: Hub, user: User, name: str) -> tuple[Socket, Notebook]:
    socket, notebook = enter(node, name)
    await login.log_in(node, socket, identity(user, name))
    assert socket in node.sockets.users[user.pk]
    return socket, notebook


def identity(user: User, name: str) -> Identity:
    return Identity(user.pk, time.time() + 600, name, stamp_of(""))


def wait(condition: Callable[[], object]) -> None:
    """Wait in a thread of the database's until the event loop has got so far."""
    give_up_at = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.005)


async def soon(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


def slow(user: User, after: str, then: Callable[[], None]) -> BatchedLoader[Login, LoginData]:
    """Read logins as the hub does; that of one session answers only after `then`."""

    def begin(logins: Sequence[Login]) -> dict[Login, LoginData]:
        found = login_data.begin(logins)
        if after in {one.identity.session for one in logins}:
            then()
        return found

    return BatchedLoader(begin)


def save(user: User, **values: Any) -> None:
    for name, value in values.items():
        setattr(user, name, value)
    user.save()


async def test_who_is_deactivated_while_logging_in_does_not_stay(node: Hub, alice: User) -> None:
    before, _ = await logged_in(node, alice, "before")

    def deactivate() -> None:
        save(alice, is_active=False)
        wait(lambda: before.close_code)  # the node has heard of it, and looked

    node.login_data = slow(alice, "late", deactivate)
    late, _ = enter(node, "late")
    await login.log_in(node, late, identity(alice, "late"))
    await soon(lambda: late.close_code)
    assert late.close_code == before.close_code == CloseCode.REVOKED


async def test_who_is_deactivated_while_renewing_does_not_stay(
    node: Hub, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket, notebook = await logged_in(node, alice, "one")
    token = token_for(alice.pk)
    newer = tokens.verify(token)
    assert newer is not None
    looking, renewed = threading.Event(), threading.Event()
    load = validity.load

    def look(identities: Iterable[Identity]) -> dict[tuple[int, str], validity.LoginState]:
        found = load(identities)
        looking.set()
        assert renewed.wait(10)
        return found

    def deactivate() -> None:
        monkeypatch.setattr(validity, "load", look)
        save(alice, is_active=False)
        assert looking.wait(10)

    node.login_data = slow(alice, newer.session, deactivate)
    await login.authenticate(node, socket, token, "r")
    assert socket.connection.identity == newer
    renewed.set()
    await soon(lambda: socket.close_code)
    assert socket.close_code == CloseCode.REVOKED


class Backstage(RoomKind):
    """A room for staff, in which `meanwhile` happens once after somebody was let in."""

    name = topic = "backstage"

    def __init__(self) -> None:
        self.meanwhile: Callable[[], None] | None = None

    def matches(self, room: str) -> bool:
        return room == "backstage"

    def may_join(self, user_id: int, room: str) -> bool:
        found = User.objects.filter(pk=user_id, is_staff=True).exists()
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return found

    def snapshot(self, room: str) -> Sequence[Ephemeral]:
        return ()


@pytest.fixture
def backstage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Backstage]:
    kind = Backstage()
    monkeypatch.setitem(rooms._kinds, kind.name, kind)
    yield kind


async def test_who_loses_a_room_while_joining_does_not_stay(
    node: Hub, alice: User, backstage: Backstage
) -> None:
    first, _ = await logged_in(node, alice, "first")
    second, notebook = await logged_in(node, alice, "second")

    async def join(socket: Socket) -> None:
        said = CommandRunner(node, socket)
        said.go_on()
        said.put_nowait(
            {
                "type": "websocket.receive",
                "text": json.dumps({"type": "join_room", "room": "backstage"}),
            }
        )
        await said.settled()

    await join(first)
    assert "backstage" in first.connection.rooms

    def take_away() -> None:
        save(alice, is_staff=False)
        wait(lambda: "backstage" not in first.connection.rooms)

    backstage.meanwhile = take_away
    await join(second)
    await soon(lambda: "room_left" in {message["type"] for message in notebook.messages()})
    assert not second.connection.rooms
    assert second.close_code is None


def test_a_room_that_fails_to_say_keeps_nobody_and_no_other_room(
    alice: User, backstage: Backstage
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    joined = [(alice.pk, "backstage"), (alice.pk + 1, "backstage")]
    backstage.meanwhile = fail
    assert validity.lost_rooms([joined[0]]) == {joined[0]}
    backstage.meanwhile = fail
    assert validity.lost_rooms([joined[1], joined[0]]) == {joined[1]}
    backstage.meanwhile = lost_database
    with pytest.raises(OperationalError):
        validity.lost_rooms(joined)


def lost_database() -> None:
    raise OperationalError


async def test_who_is_closed_by_staff_while_logging_in_does_not_stay(
    node: Hub, alice: User
) -> None:
    before, _ = await logged_in(node, alice, "before")

    def close() -> None:
        changes.close_user(alice.pk)
        wait(lambda: before.close_code)

    node.login_data = slow(alice, "late", close)
    late, _ = enter(node, "late")
    await login.log_in(node, late, identity(alice, "late"))
    await soon(lambda: late.close_code)
    assert before.close_code == late.close_code == CloseCode.REVOKED
