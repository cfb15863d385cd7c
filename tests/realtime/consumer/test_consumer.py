"""One socket from its handshake to its end, on a server that takes a listener."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime.consumer.consumer import NotificationConsumer
from realtime.core.transport import EXTENSION, Listener
from realtime.hub import hub
from tests.realtime.consumer.conftest import identity_of
from tests.realtime.rig import Held, Notebook

pytestmark = pytest.mark.django_db(transaction=True)


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
