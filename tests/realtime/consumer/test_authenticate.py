"""Logins by a message: they wait at the door for their turn, and succeed as a whole."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from realtime.access import tokens
from realtime.consumer import login
from realtime.hub.hub import Hub
from realtime.options import Options
from realtime.protocol.codes import CloseCode
from tests.nodes import token_for
from tests.realtime.consumer.conftest import in_line, retryable
from tests.realtime.rig import connected, turned

pytestmark = pytest.mark.django_db(transaction=True)


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
    assert retryable(notebook) == [True]
    assert own.sockets.users == {}


async def test_the_last_socket_that_a_node_takes_may_log_in_by_a_message(user_id: int) -> None:
    full = Hub(Options(max_connections_per_node=1))
    socket, notebook = connected(full)
    assert full.shut_for() == "full"
    await login.authenticate(full, socket, token_for(user_id), "1")
    await turned()
    assert (notebook.closed, list(full.sockets.users)) == (None, [user_id])
    full.detach(socket)


async def test_a_login_by_a_message_waits_for_its_turn(
    own: Hub, user_id: int, busy: asyncio.Event
) -> None:
    socket, notebook = connected(own)
    asking = await in_line(own, socket, user_id)
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
    waiting = await in_line(own, first, user_id)
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
    asking = await in_line(own, socket, user_id)
    own.refusals.charge(socket.peer.network, 1000, time.monotonic())  # of those before it
    busy.set()
    await asking
    assert (notebook.closed, notebook.messages()) == (CloseCode.RATE_LIMITED, [])


async def test_a_socket_that_closes_in_the_line_takes_no_turn(
    own: Hub, user_id: int, busy: asyncio.Event
) -> None:
    socket, _ = connected(own)
    asking = await in_line(own, socket, user_id)
    own.detach(socket)
    with pytest.raises(asyncio.CancelledError):
        await asking
