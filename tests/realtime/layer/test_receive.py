"""A node's receiver repairs itself, and takes the messages of its own deployment only."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, get_channel_layer

from realtime.layer import groups, joined, receive, send
from realtime.layer.pubsub import LoopLayer
from realtime.layer.receive import LayerReceiver
from realtime.layer.trouble import trouble
from tests.services.ports import until

GROUP = groups.stream_group("user:1")


class Ear:
    """A receiver that notes its messages, and how often it may have missed some."""

    def __init__(self, node_id: str = "a") -> None:
        self.heard: list[dict[str, Any]] = []
        self.missed = 0
        self.receiver = LayerReceiver(node_id, self.heard.append, self._miss)

    def _miss(self) -> None:
        self.missed += 1

    async def joined(self) -> None:
        await until(lambda: self.receiver.is_in(GROUP) and self.receiver.is_settled)


@pytest.fixture
async def ear(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ear]:
    monkeypatch.setattr(receive, "CANARY_SECONDS", 0.2)
    ear = Ear()
    ear.receiver.start()
    ear.receiver.join(GROUP, lambda: True)
    await ear.joined()
    yield ear
    await ear.receiver.stop()


async def say(number: int, sender: str | None = None) -> None:
    shared: Any = get_channel_layer()
    message = {"type": send.EVENTS, "from": sender or groups.deployment(), "number": number}
    await shared.group_send(GROUP, message)


async def test_messages_of_another_deployment_are_dropped(ear: Ear) -> None:
    await say(1, sender="staging")
    await say(2)
    await until(lambda: ear.heard)
    assert [message["number"] for message in ear.heard] == [2]
    assert ear.receiver.foreign == 1


async def test_a_group_that_is_no_longer_wanted_is_left(ear: Ear) -> None:
    ear.receiver.join(GROUP, lambda: False)
    await until(lambda: not ear.receiver.is_in(GROUP) and ear.receiver.is_settled)
    await say(1)
    ear.receiver.join(GROUP, lambda: True)
    await ear.joined()
    await say(2)
    await until(lambda: ear.heard)
    assert [message["number"] for message in ear.heard] == [2]


async def test_a_receiver_without_messages_reads_the_log_and_subscribes_again(ear: Ear) -> None:
    rebuilt = ear.receiver.rebuilt
    layer = ear.receiver._layer
    on_redis = isinstance(layer, LoopLayer)
    deaf = layer.shards[0]._listening if on_redis else ear.receiver._receiving
    assert deaf is not None
    deaf.cancel()  # deaf, without an error, as behind a half-open link
    await until(lambda: ear.missed > 1)
    await until(lambda: ear.receiver.rebuilt > rebuilt)
    assert trouble
    await until(lambda: not trouble)
    await say(3)
    await until(lambda: ear.heard)
    assert [message["number"] for message in ear.heard] == [3]


async def test_a_receiver_that_gets_its_own_messages_is_not_rebuilt(ear: Ear) -> None:
    sung = ear.receiver._canaries.number
    await until(lambda: ear.receiver._canaries.are_back(sung + 5))
    assert ear.receiver.rebuilt == 0


async def test_a_layer_that_is_down_delays_no_join(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Frozen:
        async def group_add(self, group: str, channel: str) -> None:
            await asyncio.Event().wait()

        group_send = group_add

    working = ear.receiver._layer
    monkeypatch.setattr(joined, "CALL_SECONDS", 0.5)
    ear.receiver._layer = Frozen()
    loop = asyncio.get_running_loop()
    ear.receiver.join(groups.stream_group("user:2"), lambda: True)
    await ear.receiver.settled()
    began, missed = loop.time(), ear.missed
    for user in range(3, 50):
        ear.receiver.join(groups.stream_group(f"user:{user}"), lambda: True)
        await ear.receiver.settled()
    assert loop.time() - began < 20  # 47 times the time-out would be more
    ear.receiver._layer = working
    await until(lambda: ear.receiver.is_settled)
    assert ear.missed > missed  # events of the meantime are in the log


class Slow(InMemoryChannelLayer):
    """A layer that swallows the cancellation of one call, as the Redis client does now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = asyncio.Event()

    async def group_add(self, group: str, channel: str) -> None:
        if group == GROUP and not self.waiting.is_set():
            self.waiting.set()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(10)
            await asyncio.sleep(0)  # it cleans up
            return
        await super().group_add(group, channel)


async def test_a_group_joined_during_a_rebuild_is_joined_on_the_new_channel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = Slow()
    for module in (receive, send):
        monkeypatch.setattr(module, "get_channel_layer", lambda: slow)
    ear = Ear()
    ear.receiver.start()
    ear.receiver.join(GROUP, lambda: True)
    await slow.waiting.wait()
    ear.receiver._rebuild()  # while it waits for the old link
    async with asyncio.timeout(10):
        while not ear.heard:
            message = {"type": send.EVENTS, "from": groups.deployment(), "number": 7}
            await slow.group_send(GROUP, message)
            await asyncio.sleep(0.01)
    assert ear.heard[0]["number"] == 7
    await ear.receiver.stop()
