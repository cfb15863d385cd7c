"""The layer on real Redis servers: many groups at once, several servers, servers that are away."""

from __future__ import annotations

import asyncio
import itertools
import logging
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest
import redis as redis_library
from channels.layers import get_channel_layer
from django.test import override_settings

from realtime.layer import groups, receive, send
from realtime.layer.pubsub import LoopLayer, PubSubLayer
from realtime.layer.receive import LayerReceiver
from realtime.layer.send import MANY_NODES, Sender
from realtime.layer.trouble import trouble
from realtime.log import StoredEvent
from realtime.meters import meters
from tests.faults.proxy import Proxy
from tests.services.ports import until
from tests.services.redis import Redis

MANY = 20_000
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def stores() -> Iterator[list[Redis]]:
    """Three Redis servers of this module's own."""
    found = [Redis(f"redis-shard-{uuid.uuid4().hex[:8]}") for _ in range(3)]
    yield found
    for store in found:
        store.thaw()
        store.stop()


def backend(*stores: Redis | Proxy, prefix: str = "pubsub-test") -> PubSubLayer:
    hosts = [{"address": f"redis://127.0.0.1:{store.port}/0"} for store in stores]
    return PubSubLayer(hosts=hosts, prefix=prefix)


@pytest.fixture
async def layers() -> AsyncIterator[Any]:
    """Make layers that are closed in the end."""
    made: list[LoopLayer] = []

    def make(*stores: Redis | Proxy) -> LoopLayer:
        made.append(backend(*stores).loop_layer())
        return made[-1]

    yield make
    for layer in made:
        await layer.flush()
    assert not trouble, trouble.text


async def test_a_node_hears_what_is_sent_right_after_it_has_joined(stores, layers):
    slow = Proxy(stores[0].port)
    slow.delay = 0.1  # its own subscriptions reach Redis late; messages of others do not
    node, other = layers(slow), layers(stores[0])
    channel = node.open_channel()
    await node.group_add("first", channel)
    await other.group_send("first", {"number": 0})
    assert await asyncio.wait_for(node.receive(channel), 20) == {"number": 0}
    for number in range(1, 4):
        await node.group_add(f"group-{number}", channel)
        await other.group_send(f"group-{number}", {"number": number})
        assert await asyncio.wait_for(node.receive(channel), 20) == {"number": number}
    await node.flush()
    slow.close()


def calls(store: Redis, command: str) -> int:
    with redis_library.Redis.from_url(store.url) as client:
        found: Any = client.info("commandstats")
    return int(found.get(f"cmdstat_{command}", {"calls": 0})["calls"])


async def test_many_groups_are_joined_and_left_in_few_round_trips(stores, layers):
    layer, before = layers(stores[0]), calls(stores[0], "subscribe")
    channel = layer.open_channel()
    names = [f"stream.user.{number}" for number in range(MANY)]
    assert await layer.group_add_many(names, channel) == [None] * MANY
    assert calls(stores[0], "subscribe") - before <= MANY / 512 + 2
    await layer.group_send_many([(names[0], {"number": 1}), (names[-1], {"number": 2})])
    assert [(await layer.receive(channel))["number"] for _ in range(2)] == [1, 2]
    await layer.group_discard_many(names, channel)
    with redis_library.Redis.from_url(stores[0].url) as client:
        await until(lambda: not client.pubsub_channels("pubsub-test__group__stream*"))


async def test_messages_keep_their_order_and_say_how_many_they_reached(stores, layers):
    one, two, sender = layers(*stores), layers(*stores), layers(*stores)
    for layer in (one, two):
        channel = layer.open_channel()
        await layer.group_add_many([f"order-{n}" for n in range(9)], channel)
    messages = [(f"order-{n % 9}", {"number": n}) for n in range(900)]
    assert await sender.group_send_many([*messages, ("nobody", {})]) == [2] * 900 + [0]
    for layer in (one, two):
        (channel,) = layer.channels
        heard = [(await layer.receive(channel))["number"] for _ in range(900)]
        for n in range(9):
            assert [number for number in heard if number % 9 == n] == list(range(n, 900, 9))


async def test_the_first_message_after_a_restart_is_sent(stores, layers):
    node, sender = layers(stores[0]), layers(stores[0])
    again = asyncio.Event()
    node.on_again = again.set
    channel = node.open_channel()
    await node.group_add("restart", channel)
    await sender.group_send("restart", {"number": 1})
    stores[0].kill()
    stores[0].start()
    await asyncio.wait_for(again.wait(), 10)  # all its groups are joined again
    await sender.group_send("restart", {"number": 2})
    assert [(await node.receive(channel))["number"] for _ in range(2)] == [1, 2]


def on_each(layer: LoopLayer) -> Sequence[str]:
    """Return one group for each shard, in their order."""
    found: dict[int, str] = {}
    for number in itertools.count():
        found.setdefault(layer.place_of(f"group-{number}"), f"group-{number}")
        if len(found) == len(layer.shards):
            return [found[place] for place in range(len(found))]
    raise AssertionError


async def test_a_frozen_shard_holds_up_no_other(stores, layers, caplog):
    caplog.set_level(logging.WARNING)
    node, sender = layers(*stores), layers(*stores)
    channel, names = node.open_channel(), on_each(node)
    await node.group_add_many(names, channel)
    await sender.group_send_many([(name, {}) for name in names])
    stores[1].freeze()
    messages = [(name, {"number": number}) for number, name in enumerate(names)]
    for _ in range(20):
        outcomes = await sender.group_send_many(messages)
        assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, False]
    heard = [(await node.receive(channel)).get("number") for _ in range(43)]
    assert heard.count(0) == heard.count(2) == 20
    stores[1].thaw()
    await until(lambda: not trouble)
    assert await sender.group_send_many(messages) == [1, 1, 1]
    lines = [record.getMessage() for record in caplog.records if "channel layer" in record.message]
    assert len(lines) == 2, lines
    assert "works again" in lines[1]


@pytest.fixture
def on_shards(stores) -> Iterator[None]:
    layer = {
        "BACKEND": "realtime.layer.pubsub.PubSubLayer",
        "CONFIG": {"hosts": [{"address": store.url} for store in stores], "prefix": "on-shards"},
    }
    with override_settings(CHANNEL_LAYERS={"default": layer}):
        yield


@pytest.mark.usefixtures("on_shards")
async def test_a_node_that_is_deaf_on_one_shard_renews_that_one(stores, monkeypatch):
    monkeypatch.setattr(receive, "CANARY_SECONDS", 0.3)
    heard: list[Any] = []
    missed: list[None] = []
    receiver = LayerReceiver("node", heard.append, lambda: missed.append(None))
    receiver.start()
    layer = receiver._layer
    names = on_each(layer)
    for name in names:
        receiver.join(name, lambda: True)
    await until(lambda: receiver.is_settled and are_in(receiver, names))
    assert await receiver.hears()
    assert receiver.rebuilt == 0
    links = [shard._subscriber for shard in layer.shards]
    layer.shards[2]._listening.cancel()  # deaf, without an error
    before = Counter(meters.canary_missed)
    await until(lambda: receiver.rebuilt == 1)
    await until(lambda: not trouble)
    assert missed
    assert set(meters.canary_missed - before) == {"2"}
    assert set(meters.canary_seconds) >= {"0", "1", "2"}
    assert [shard._subscriber for shard in layer.shards][:2] == links[:2]
    messages = [(name, {"from": groups.deployment(), "type": "t"}) for name in names]
    assert await send.send_all(messages) == [1, 1, 1]
    await until(lambda: len(heard) == 3)
    stores[0].freeze()
    assert not await receiver.hears()
    receiver.join("late-on-another", lambda: True)  # on any shard
    stores[0].thaw()
    await until(lambda: receiver.is_settled)
    assert await receiver.hears()
    await receiver.stop()
    shared: Any = get_channel_layer()
    await shared.flush()


def are_in(receiver: LayerReceiver, names: Sequence[str]) -> bool:
    return all(map(receiver.is_in, names))


@pytest.mark.usefixtures("on_shards")
@pytest.mark.parametrize("nodes", [MANY_NODES - 1, MANY_NODES])
async def test_among_many_nodes_a_wake_up_goes_to_those_that_follow_its_stream(nodes: int):
    """And the process that publishes, which is no node, learns from Redis how many there are."""
    name = f"many-{next(_numbers)}"
    shared: Any = get_channel_layer()
    layer = shared.loop_layer()
    everybody, follower = layer.open_channel(), layer.open_channel()
    await layer.group_add(groups.all_nodes_group(), everybody)
    await layer.group_add(groups.stream_group("user:7"), follower)
    sender = Sender()
    loop = asyncio.get_running_loop()
    sender.attach(loop)
    sender.nodes = nodes
    sender.put([StoredEvent(f"user:{n}", name, 1, "t", "", "{}") for n in range(20)])
    assert await asyncio.to_thread(sender.flush, 5)
    if nodes < MANY_NODES:
        message = await asyncio.wait_for(layer.receive(everybody), 20)
        assert len(message["events"]) == 20
    else:
        message = await asyncio.wait_for(layer.receive(follower), 20)
        assert [event[0] for event in message["events"]] == ["user:7"]
        assert layer.channels[everybody].empty()
    sender.detach(loop)
    await shared.flush()
