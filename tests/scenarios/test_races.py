"""Rights that change during a login, a renewal or a join take effect on that socket too."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from realtime import rooms
from realtime.access import changes, tokens, validity
from realtime.access.validity import stamp_of
from realtime.consumer import login
from realtime.consumer.commands import CommandRunner
from realtime.core.identity import Identity
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
from tests.realtime.rig import Notebook, connected
from tests.services.ports import until, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 5.0  # less than the pause until all sockets are checked again


@pytest.fixture
async def node() -> AsyncIterator[Hub]:
    yield await hubs.ensure()
    await hubs.close()


@pytest.fixture
def alice() -> User:
    return User.objects.create(username="alice", is_staff=True)


async def logged_in(node: Hub, user: User, name: str) -> tuple[Socket, Notebook]:
    socket, notebook = connected(node, name)
    await login.log_in(node, socket, identity(user, name))
    assert socket in node.sockets.users[user.pk]
    return socket, notebook


def identity(user: User, name: str) -> Identity:
    return Identity(user.pk, time.time() + 600, name, stamp_of(""))


def wait(condition: Callable[[], object]) -> None:
    """Wait in a thread of the database's until the event loop has got so far."""
    wait_until(lambda: bool(condition()), seconds=10, what="the event loop has got so far")


def slow(user: User, after: str, then: Callable[[], None]) -> BatchedLoader[Login, LoginData]:
    """Read logins as the hub does; that of one session answers only after `then`."""

    def begin(logins: Sequence[Login]) -> dict[Login, LoginData]:
        found = login_data.begin(logins)
        if after in {one.identity.session for one in logins}:
            then()
        return found

    return BatchedLoader(begin)


def deactivate(user: User) -> None:
    user.is_active = False
    user.save()


def close(user: User) -> None:
    changes.close_user(user.pk)


@pytest.mark.parametrize("act", [deactivate, close])
async def test_a_user_deactivated_or_closed_by_staff_during_the_login_is_closed(
    node: Hub, alice: User, act: Callable[[User], None]
) -> None:
    before, _ = await logged_in(node, alice, "before")

    def meanwhile() -> None:
        act(alice)
        wait(lambda: before.close_code)  # the node has received it, and checked

    node.login_data = slow(alice, "late", meanwhile)
    late, _ = connected(node, "late")
    await login.log_in(node, late, identity(alice, "late"))
    await until(lambda: late.close_code, seconds=SECONDS)
    assert late.close_code == before.close_code == CloseCode.REVOKED


async def test_a_user_deactivated_during_a_renewal_is_closed(
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

    def meanwhile() -> None:
        monkeypatch.setattr(validity, "load", look)
        deactivate(alice)
        assert looking.wait(10)

    node.login_data = slow(alice, newer.session, meanwhile)
    await login.authenticate(node, socket, token, "r")
    assert socket.connection.identity == newer
    renewed.set()
    await until(lambda: socket.close_code, seconds=SECONDS)
    assert socket.close_code == CloseCode.REVOKED


class Backstage(RoomKind):
    """A room for staff, in which `meanwhile` happens once after a socket was let in."""

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


async def test_a_user_who_loses_a_room_during_the_join_leaves_it(
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
        alice.is_staff = False
        alice.save()
        wait(lambda: "backstage" not in first.connection.rooms)

    backstage.meanwhile = take_away
    await join(second)
    await until(
        lambda: "room_left" in {message["type"] for message in notebook.messages()}, seconds=SECONDS
    )
    assert not second.connection.rooms
    assert second.close_code is None


def test_a_room_whose_check_fails_is_lost_and_no_other(alice: User, backstage: Backstage) -> None:
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
