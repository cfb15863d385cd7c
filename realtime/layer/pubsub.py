"""The channel layer over Redis's pub/sub, for many groups: sends and joins many at once.

It is channels_redis's layer, on connections of our own. Those of channels_redis publish and
subscribe one at a time under one lock, return before Redis has confirmed a subscription, and after
a failover by Sentinel may go on to dial the old master.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer
from channels_redis.utils import _consistent_hash as ring_place
from channels_redis.utils import _wrap_close as flush_before_close

from realtime.layer.shard import FAILURES, Shard

# Methods that a backend passes on to its part for the running event loop.
METHODS = frozenset(
    {
        "new_channel", "send", "receive", "flush",
        "group_add", "group_discard", "group_send",
        "group_add_many", "group_discard_many", "group_send_many",
    }
)  # fmt: skip


class PubSubLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # untyped
    """A backend for CHANNEL_LAYERS; takes what channels_redis's pub/sub layer takes."""

    def __getattr__(self, name: str) -> Any:
        if name in METHODS:
            return partial(_call, self, name)
        return getattr(self._get_layer(), name)

    def loop_layer(self) -> LoopLayer:
        """Return the part of it that belongs to the running event loop."""
        return self._get_layer()

    def _get_layer(self) -> LoopLayer:
        loop = asyncio.get_running_loop()
        layer: LoopLayer | None = self._layers.get(loop)
        if layer is None:
            layer = self._layers[loop] = LoopLayer(*self._args, **self._kwargs, channel_layer=self)
            flush_before_close(self, loop)
        return layer


async def _call(backend: PubSubLayer, name: str, *args: Any) -> Any:
    return await getattr(backend._get_layer(), name)(*args)


class LoopLayer(RedisPubSubLoopLayer):  # type: ignore[misc]  # untyped
    """The part of a backend for one event loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channels: dict[str, asyncio.Queue[bytes]] = {}
        self.groups: dict[str, set[str]] = {}
        # The server that a shard stands for may be another one afterwards.
        self.on_again: Callable[[], None] = lambda: None  # subscribed again
        self.on_mended: Callable[[], None] = lambda: None  # can publish again
        self._shards: list[Shard] = [
            Shard(shard.host, self._deliver, lambda: self.on_again(), lambda: self.on_mended())
            for shard in self._shards
        ]

    @property
    def shards(self) -> Sequence[Shard]:
        """The Redis servers, among which groups are divided by a hash of their names."""
        return self._shards

    def place_of(self, group: str) -> int:
        """Return the number of the shard that carries a group."""
        place: int = ring_place(self._get_group_channel_name(group), len(self._shards))
        return place

    def _deliver(self, name: str, data: bytes) -> None:
        if name in self.channels:
            self.channels[name].put_nowait(data)
        for channel in self.groups.get(name, ()):
            if channel in self.channels:
                self.channels[channel].put_nowait(data)

    # -- what channels_redis calls, one at a time

    def open_channel(self) -> str:
        """Make a channel for the messages of this process's groups alone."""
        channel = f"{self.prefix}local.{uuid.uuid4().hex}"
        self.channels[channel] = asyncio.Queue()
        return channel

    async def _subscribe_to_channel(self, channel: str) -> None:
        """Make a channel that other processes can send to as well."""
        self.channels[channel] = asyncio.Queue()
        await self._get_shard(channel).subscribe([channel])

    async def receive(self, channel: str) -> dict[str, Any]:
        if channel not in self.channels:
            await self._subscribe_to_channel(channel)
        try:
            data = await self.channels[channel].get()
        except asyncio.CancelledError:  # as in Channels: the channel has no reader any more
            if self.channels.pop(channel, None) is not None:
                with suppress(*FAILURES):
                    await self._get_shard(channel).unsubscribe([channel])
            raise
        message: dict[str, Any] = self.channel_layer.deserialize(data)
        return message

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        data = self.channel_layer.serialize(message)
        await self._get_shard(channel).publish([(channel, data)])

    async def group_add(self, group: str, channel: str) -> None:
        await self.group_add_many([group], channel)

    async def group_discard(self, group: str, channel: str) -> None:
        await self.group_discard_many([group], channel)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        name = self._get_group_channel_name(group)
        data = self.channel_layer.serialize(message)
        await self._get_shard(name).publish([(name, data)])

    async def flush(self) -> None:
        self.channels, self.groups = {}, {}
        await asyncio.gather(*(shard.close() for shard in self._shards))

    # -- many at once

    async def group_add_many(
        self, groups: Sequence[str], channel: str
    ) -> list[BaseException | None]:
        """Join groups. Return for each what went wrong; Redis has confirmed the others."""
        if channel not in self.channels:
            raise RuntimeError(f"the channel {channel} is not of this process")
        names = [self._get_group_channel_name(group) for group in groups]
        for name in names:
            self.groups.setdefault(name, set()).add(channel)

        async def join(shard: Shard, places: Sequence[int]) -> None:
            await shard.subscribe([names[place] for place in places])

        return [error for error, _ in await self._divided(names, join)]

    async def group_discard_many(self, groups: Sequence[str], channel: str) -> None:
        """Leave groups."""
        names = []
        for name in map(self._get_group_channel_name, groups):
            members = self.groups.get(name, set())
            members.discard(channel)
            if not members:
                self.groups.pop(name, None)
                names.append(name)

        async def leave(shard: Shard, places: Sequence[int]) -> None:
            await shard.unsubscribe([names[place] for place in places])

        await self._divided(names, leave)

    async def group_send_many(
        self, messages: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> list[BaseException | int]:
        """Send in order to each group; return for each how many nodes got it, or why it was not
        sent.

        A Redis that is away costs only what was for it.
        """
        names = [self._get_group_channel_name(group) for group, _ in messages]
        serialize = self.channel_layer.serialize

        async def send(shard: Shard, places: Sequence[int]) -> list[int]:
            return await shard.publish(
                [(names[place], serialize(messages[place][1])) for place in places]
            )

        return [
            (reached if error is None else error)
            for error, reached in await self._divided(names, send)
        ]

    async def _divided(
        self, names: Sequence[str], call: Callable[[Shard, Sequence[int]], Awaitable[Any]]
    ) -> list[tuple[BaseException | None, Any]]:
        """Call for each shard with the places of its names, at the same time; by name, return
        the error or the answer.
        """
        places: dict[int, list[int]] = defaultdict(list)
        for place, name in enumerate(names):
            places[ring_place(name, len(self._shards))].append(place)
        if len(places) == 1:  # no task for the usual one
            (number,) = places
            try:
                answers: list[Any] = [await call(self._shards[number], places[number])]
            except Exception as error:
                answers = [error]
        else:
            calls = (call(self._shards[number], its) for number, its in places.items())
            answers = await asyncio.gather(*calls, return_exceptions=True)
        found: list[tuple[BaseException | None, Any]] = [(None, None)] * len(names)
        for its, answer in zip(places.values(), answers, strict=True):
            for index, place in enumerate(its):
                if isinstance(answer, BaseException):
                    found[place] = (answer, None)
                elif answer is not None:
                    found[place] = (None, answer[index])
        return found
