"""A hub starts as a whole or not at all, and stops in time while the database hangs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime import asgi, log
from realtime.core.continuity import StreamPosition
from realtime.hub import hub
from realtime.hub.hub import Hub
from realtime.layer.receive import LayerReceiver
from realtime.options import Options
from realtime.publish import tell
from tests.realtime.rig import Held, Node
from tests.services.ports import until

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


async def test_texts_reach_who_listens_to_their_topic_in_order() -> None:
    await hub.ensure()
    heard: list[str] = []
    try:
        while not heard:  # the node has only just joined the layer
            await asgi.listen("texts", heard.extend)
            tell("texts", ["first"])
            await asyncio.sleep(0.05)
        heard.clear()
        tell("others", ["no"])
        for number in range(500):
            tell("texts", [f"{number} a", f"{number} b"])
        await until(lambda: len(heard) >= 1000)
        texts = [f"{number} {letter}" for number in range(500) for letter in "ab"]
        assert [text for text in heard if text != "first"] == texts
        await asgi.listen("texts", None)
        tell("texts", ["late"])
        await asgi.listen("others", heard.extend)
        tell("others", ["later"])
        await until(lambda: heard[-1] == "later")
        assert "late" not in heard
    finally:
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
