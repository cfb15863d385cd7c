"""The renewal of a login."""

from __future__ import annotations

import asyncio

import pytest

from realtime.access import changes
from realtime.consumer import login
from realtime.hub import login_data
from realtime.hub.hub import Hub
from realtime.options import Options
from realtime.protocol.codes import CloseCode
from tests.nodes import token_for
from tests.realtime.consumer.conftest import identity_of, in_line, loading_and, logged_in, retryable
from tests.realtime.rig import turned
from tests.stored import page_after

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_renewal_is_rechecked_if_its_login_ended_while_it_was_read(
    own: Hub, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    socket, _ = await logged_in(own, identity_of(user_id, "old"))

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


async def test_a_renewal_waits_for_its_turn_and_is_never_sent_away(
    own: Hub, user_id: int, busy: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own.door._admission, "_seconds", 0.0)
    socket, notebook = await logged_in(own, identity_of(user_id))
    asking = await in_line(own, socket, user_id)
    busy.set()
    await asking
    await turned()
    told = [m["type"] for m in notebook.messages()]  # and what the login before still gets
    assert (told.count("authenticated"), "error" in told, notebook.closed) == (1, False, None)


async def test_a_renewal_that_gets_no_turn_is_told_to_try_again(
    own: Hub, user_id: int, busy: asyncio.Event
) -> None:
    socket, notebook = await logged_in(own, identity_of(user_id))
    own.options = Options(login_patience_seconds=0.01)
    await login.authenticate(own, socket, token_for(user_id), "1")
    await turned()
    assert (retryable(notebook), notebook.closed) == ([True], None)
