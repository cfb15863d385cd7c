"""A hub starts as a whole or not at all, and stops in time while the database hangs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime import log
from realtime.core.continuity import StreamPosition
from realtime.hub import hub
from realtime.hub.hub import Hub
from realtime.layer.receive import LayerReceiver
from realtime.options import Options
from tests.realtime.rig import Held, Node

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_hub_that_failed_to_start_is_replaced_by_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(link: LayerReceiver) -> None:
        raise ImportError("no such layer")

    with monkeypatch.context() as patch:
        patch.setattr(LayerReceiver, "start", fail)
        for _ in range(2):
            with pytest.raises(ImportError):
                await hub.ensure()
            assert hub.current() is None
    started = await hub.ensure()
    assert hub.current() is started
    assert started.receiver._layer is not None
    await hub.close()


async def test_a_hub_stops_while_the_database_hangs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hanging = Held(lambda moves: None)
    monkeypatch.setattr(log, "move_cursors", hanging)
    monkeypatch.setattr(hub, "STOP_SECONDS", 0.05)
    stopping: Any = Hub(Options())
    await stopping.start()
    socket, _ = Node().join()
    socket.connection.places["user:1"] = StreamPosition("e", 5)
    stopping.acks.put(socket, "user:1", 5, None)
    async with asyncio.timeout(20):
        await stopping.stop()
    hanging.may_go_on.set()
    assert "are not stored" in caplog.text
