"""A login ends when its token does, and is told so before."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from realtime.consumer import expiry, login
from realtime.hub.hub import Hub
from realtime.protocol.codes import CloseCode
from tests.realtime.consumer.conftest import identity_of, logged_in
from tests.realtime.rig import turned

pytestmark = pytest.mark.django_db(transaction=True)


async def passed(own: Hub, moment: float) -> None:
    """Let the time of the hub pass until a moment."""
    for action in own.wheel.advance(moment):
        action()
    await turned()


async def test_a_renewed_login_ends_when_the_new_token_does(own: Hub, user_id: int) -> None:
    socket, notebook = await logged_in(own, identity_of(user_id, until=time.time() + 100))
    first = socket.expiry
    await login._renew(own, socket, identity_of(user_id, until=time.time() + 200), "1")
    assert first is not None and first.action is None
    for seconds, warnings in ((101, 0), (150, 1)):
        await passed(own, time.monotonic() + seconds)
        assert (notebook.closed, socket.close_code) == (None, None)
        told = [m for m in notebook.messages() if m["type"] == "token_expiring"]
        assert len(told) == warnings
    await passed(own, time.monotonic() + 201)
    assert notebook.closed == CloseCode.UNAUTHORIZED


async def test_a_login_that_ended_while_the_node_slept_is_told_nothing_more(
    own: Hub, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket, notebook = await logged_in(own, identity_of(user_id, until=time.time() + 100))
    later = time.monotonic() + 200
    monkeypatch.setattr(expiry, "time", SimpleNamespace(monotonic=lambda: later, time=time.time))
    await passed(own, later)
    assert notebook.closed == CloseCode.UNAUTHORIZED
    assert "token_expiring" not in [message["type"] for message in notebook.messages()]
