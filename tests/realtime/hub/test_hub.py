"""A hub is started whole or not at all, and ends in time whatever the database does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from realtime import log
from realtime.core.continuity import StreamPosition
from realtime.hub import hub
from realtime.hub.hub import Hub
from realtime.layer.receive import LayerReceiver
from realtime.log import CursorMove
from realtime.options import Options
from tests.realtime.rig import Node

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_hub_that_failed_to_start_serves_nobody_and_the_next_starts_anew(
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


async def test_a_hub_stops_though_the_database_hangs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    may_go_on = threading.Event()

    def hang(moves: Sequence[CursorMove]) -> None:
        may_go_on.wait(10)

    monkeypatch.setattr(log, "move_cursors", hang)
    monkeypatch.setattr(hub, "STOP_SECONDS", 0.05)
    stopping: Any = Hub(Options())
    await stopping.start()
    socket, _ = Node().join()
    socket.connection.places["user:1"] = StreamPosition("e", 5)
    stopping.acks.put(socket, "user:1", 5, None)
    async with asyncio.timeout(8):
        await stopping.stop()
    may_go_on.set()
    assert "are not stored" in caplog.text
