"""The wake-ups of publishing to the nodes, over the channel layer of the run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.layers import get_channel_layer

from realtime.layer import groups, send
from realtime.layer.send import FEW_STREAMS, MAX_INLINE_BYTES, MAX_ITEMS, MAX_QUEUE, Sender
from realtime.layer.trouble import Trouble
from realtime.log import StoredEvent


class Ear:
    """Receives what is sent to a group."""

    def __init__(self, channel: str) -> None:
        self.layer: Any = get_channel_layer()
        self.channel = channel

    @classmethod
    async def at(cls, group: str) -> Ear:
        layer: Any = get_channel_layer()
        ear = cls(await layer.new_channel())
        await layer.group_add(group, ear.channel)
        return ear

    async def hear(self) -> dict[str, Any]:
        return dict(await asyncio.wait_for(self.layer.receive(self.channel), 20))


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    sender = Sender()
    loop = asyncio.get_running_loop()
    sender.attach(loop)
    yield sender
    sender.detach(loop)


def entry(stream: str, offset: int, payload: str = "{}") -> StoredEvent:
    return StoredEvent(stream, "e", offset, "notification", "", payload)


async def flushed(sender: Sender) -> bool:
    return await asyncio.to_thread(sender.flush, 5)


async def test_an_event_is_sent_to_the_group_of_its_stream(sender: Sender) -> None:
    ear = await Ear.at(groups.stream_group("user:1"))
    sender.put([entry("user:1", 7, '{"a":1}')])
    message = await ear.hear()
    assert message["type"] == send.EVENTS
    assert [list(event) for event in message["events"]] == [
        ["user:1", "e", 7, "notification", "", '{"a":1}']
    ]


async def test_events_put_during_a_send_leave_together_and_in_order(sender: Sender) -> None:
    ear = await Ear.at(groups.stream_group("user:1"))
    for offset in range(1, 101):
        sender.put([entry("user:1", offset)])
    first = await ear.hear()
    for offset in range(101, 201):
        sender.put([entry("user:1", offset)])
    second = await ear.hear()
    assert [[event[2] for event in message["events"]] for message in (first, second)] == [
        list(range(1, 101)),
        list(range(101, 201)),
    ]


async def test_events_of_many_streams_go_to_all_nodes_in_bounded_messages(sender: Sender) -> None:
    ear = await Ear.at(groups.all_nodes_group())
    count = MAX_ITEMS + 50
    sender.put([entry(f"user:{number}", 1) for number in range(count)])
    first, second = await ear.hear(), await ear.hear()
    assert [len(message["events"]) for message in (first, second)] == [MAX_ITEMS, 50]
    told = [event[0] for message in (first, second) for event in message["events"]]
    assert told == [f"user:{number}" for number in range(count)]
    assert count > FEW_STREAMS


@pytest.mark.parametrize(("letter", "size"), [("x", 1), ("ш", 2), ("€", 3), ("🙂", 4)])
async def test_a_larger_event_is_announced_without_its_payload(
    sender: Sender, letter: str, size: int
) -> None:
    ear = await Ear.at(groups.stream_group("user:1"))
    sender.put([entry("user:1", 1, letter * (MAX_INLINE_BYTES // size))])
    sender.put([entry("user:1", 2, letter * (MAX_INLINE_BYTES // size + 1))])
    events: list[Any] = []
    while len(events) < 2:
        events += (await ear.hear())["events"]
    assert [event[5] is None for event in events] == [False, True]


async def test_events_beyond_the_queue_are_dropped_and_counted(sender: Sender) -> None:
    sender.put([entry("user:1", offset) for offset in range(MAX_QUEUE)])
    sender.put([entry("user:1", offset) for offset in range(10)])
    assert sender.dropped == 10


async def test_a_failing_layer_is_counted_and_later_events_are_sent(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        async def group_send(self, group: str, message: dict[str, Any]) -> None:
            raise ConnectionError("away")

    with monkeypatch.context() as patched:
        patched.setattr(send, "get_channel_layer", Broken)
        patched.setattr(send, "trouble", Trouble())  # that of another layer than the others use
        sender.put([entry("user:1", 1)])
        assert await flushed(sender)
    assert sender.dropped == 1
    assert "away" in caplog.text
    ear = await Ear.at(groups.stream_group("user:1"))
    sender.put([entry("user:1", 2)])
    assert (await ear.hear())["events"][0][2] == 2


async def test_nodes_are_told_of_what_was_lost_though_nothing_follows(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        async def group_send(self, group: str, message: dict[str, Any]) -> None:
            raise ConnectionError("away")

    monkeypatch.setattr(send, "LOST_SECONDS", 0.05)
    ear = await Ear.at(groups.all_nodes_group())
    with monkeypatch.context() as patched:
        patched.setattr(send, "get_channel_layer", Broken)
        patched.setattr(send, "trouble", Trouble())
        sender.put([entry("user:1", 1)])
        assert await flushed(sender)
        for _ in range(3):
            sender._tell_of_lost()
            assert sender._task is not None
            await sender._task
        assert sender.dropped == 1
    assert (await ear.hear())["type"] == send.LOST


async def test_events_that_wait_when_a_loop_attaches_leave_at_once(sender: Sender) -> None:
    loop = asyncio.get_running_loop()
    ear = await Ear.at(groups.stream_group("user:1"))
    sender.put([entry("user:1", 1)])
    sender.detach(loop)  # before it could be sent
    sender.attach(loop)
    assert (await ear.hear())["events"][0][2] == 1
    assert await flushed(sender)


async def test_a_second_loop_sends_what_is_put_after_the_first_detached(sender: Sender) -> None:
    loop = asyncio.get_running_loop()
    sender.put([entry("user:1", 1)])
    assert await flushed(sender)
    sender.detach(loop)  # while it would have looked into the queue once more
    sender.attach(loop)
    ear = await Ear.at(groups.stream_group("user:1"))
    sender.put([entry("user:1", 2)])
    assert (await ear.hear())["events"][0][2] == 2
    assert await flushed(sender)
