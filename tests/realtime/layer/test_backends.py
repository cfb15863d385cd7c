"""Which layer is ours is seen without loading a client of Redis, and any layer is closed."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from realtime.layer import backends
from realtime.layer.pubsub import PubSubLayer
from tests.services import environment
from tests.services.process import run_python

_LOADED = "import sys, hoardrun.asgi, hoardrun.urls; print('redis' in sys.modules)"


@pytest.mark.servers  # it starts a process
@pytest.mark.parametrize(
    ("redis_url", "is_loaded"), [("", "False"), ("redis://127.0.0.1:1/0", "True")]
)
def test_a_deployment_without_redis_loads_no_client_of_it(redis_url: str, is_loaded: str) -> None:
    stores = {"DATABASE_URL": "sqlite://:memory:", "REDIS_URL": redis_url}
    told = run_python("-c", _LOADED, env=environment.of_a_server() | stores, may_fork=False)
    assert told.stdout.split() == [is_loaded]


async def test_ours_is_told_from_that_of_channels() -> None:
    ours = PubSubLayer(hosts=[{"address": "redis://127.0.0.1:1/0"} for _ in range(2)])
    part = ours.loop_layer()
    theirs = InMemoryChannelLayer()
    assert [backends.is_ours(each) for each in (ours, part, theirs)] == [True, False, False]
    assert [backends.takes_many(each) for each in (ours, part, theirs)] == [False, True, False]
    assert {backends.place_of(part, f"group{number}") for number in range(20)} == {0, 1}
    assert backends.place_of(theirs, "group1") == 0
    assert len(backends.parts_of(part, "hearing")) == 2
    assert backends.parts_of(theirs, "hearing") == ["hearing"]


async def test_what_cannot_be_closed_is_left_with_a_line_of_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Hanging:
        async def flush(self) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(backends, "CLOSE_SECONDS", 0.01)
    shared: Any = InMemoryChannelLayer()
    channel = await shared.new_channel()
    await shared.group_add("group", channel)
    with caplog.at_level(logging.INFO):
        await backends.close(Hanging())
        await backends.close(None)
        await backends.close(shared)
    assert [record.getMessage() for record in caplog.records] == [
        "channel layer: the old connection did not close: TimeoutError()"
    ]
    assert shared.groups  # it is everybody's
