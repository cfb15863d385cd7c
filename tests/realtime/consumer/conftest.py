"""Logins of sockets without a server: their hub, and what holds a login up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from realtime.access.validity import stamp_of
from realtime.consumer import login
from realtime.core.identity import Identity
from realtime.hub import login_data
from realtime.hub.hub import Hub
from realtime.hub.socket import Socket
from realtime.options import Options
from tests.nodes import token_for
from tests.realtime.rig import Held, Notebook, connected, turned
from tests.services.ports import until


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


def retryable(notebook: Notebook) -> list[bool]:
    """Return what each error that was sent says of another try."""
    return [m["data"]["retryable"] for m in notebook.messages() if m["type"] == "error"]


async def logged_in(own: Hub, identity: Identity) -> tuple[Socket, Notebook]:
    """Connect a socket that is logged in, whose notebook holds nothing of that."""
    socket, notebook = connected(own)
    await login.log_in(own, socket, identity)
    await turned()
    notebook.writes.clear()
    return socket, notebook


async def in_line(own: Hub, socket: Socket, user_id: int) -> asyncio.Task[None]:
    """Ask for a login by a message, and return once it waits for its turn."""
    asking = socket.spawn(login.authenticate(own, socket, token_for(user_id), "1"))
    await until(lambda: own.door.waiting == 1)
    return asking


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Let the database hang at the login; in the end nothing asks it, while tables are emptied."""
    held = Held(lambda keys: {})
    monkeypatch.setattr(login_data, "load", held)
    yield held
    held.may_go_on.set()


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
