"""Receive from the channel layer, and notice when nothing arrives any more.

The hub owns one LayerReceiver. A subscriber whose connection to Redis is half open would wait for
ever without an error, as nothing in the layer waits for an answer. So each node sends itself a
canary through each Redis every CANARY_SECONDS, by the connection that publishing uses. A missed one
makes the hub read the log at once; some in a row renew the subscription. Messages are hints: the
log decides what is delivered.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from channels.layers import InMemoryChannelLayer, channel_layers, get_channel_layer

from realtime.layer import backends, groups, joined
from realtime.layer.canary import Canaries
from realtime.layer.joined import JoinedGroups, stop_if_cancelled
from realtime.layer.send import follow_masters, send_all
from realtime.layer.trouble import trouble
from realtime.meters import meters
from realtime.meters.table import LISTS

logger = logging.getLogger(__name__)

CANARY = "hub.canary"
CANARY_SECONDS = 2.0
MASTER_EVERY = 5  # waits for canaries, between two looks where the Sentinels say the masters are
PROOF_SECONDS = 0.5  # for a canary with a waiting caller
MESSAGES_A_TURN = 100  # at most, before sockets are served again


class LayerReceiver:
    """Joins groups, receives messages, and recovers by itself.

    Calls `on_message(message)` for each message, and `on_missed()` when some may be lost. A layer
    that is away never raises here and never ends a socket.
    """

    def __init__(
        self,
        node_id: str,
        on_message: Callable[[dict[str, Any]], None],
        on_missed: Callable[[], None],
    ) -> None:
        self.foreign = 0  # messages of another deployment on the same layer
        self.rebuilt = 0
        self._node_id = node_id
        self._on_message = on_message
        self._on_missed = on_missed
        self._layer: Any = None
        self._channel = ""
        self._groups: list[JoinedGroups] = []  # by shard
        self._canaries = Canaries(node_id, lambda group: 0, 1)
        self._early: dict[str, Callable[[], bool]] = {}  # wanted before the start
        self._receiving: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._back = asyncio.Event()  # a canary has come back

    # -- lifetime

    def start(self) -> None:
        """Begin to receive, from the groups wanted so far and the canaries'."""
        self._open()
        self._groups = [
            JoinedGroups(
                self._change,
                self._on_missed,
                partial(trouble.begins, part),
                partial(trouble.ends, part),
            )
            for part in self._parts("joining groups")
        ]
        places = len(self._groups)
        LISTS["shard"] = [str(place) for place in range(places)]
        self._canaries = Canaries(self._node_id, self._place_of, places)
        for group in (groups.all_nodes_group(), *self._canaries.groups):
            self.join(group, lambda: True)
        for group, wanted in self._early.items():
            self.join(group, wanted)
        self._early.clear()
        self._watching = asyncio.ensure_future(self._watch())

    async def stop(self) -> None:
        """Leave the layer."""
        settling = [own.stop() for own in self._groups]
        tasks = [self._watching, self._receiving, *settling, *self._closing]
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*filter(None, tasks), return_exceptions=True)
        await backends.close(self._layer)
        for what in ("joining groups", "hearing"):
            for part in self._parts(what):
                trouble.ends(part)

    def _open(self) -> None:
        shared: Any = get_channel_layer()
        # A backend of our own: in the shared one, others could take our messages.
        own = not isinstance(shared, InMemoryChannelLayer)
        layer: Any = channel_layers.make_backend("default") if own else shared
        if backends.is_ours(layer):
            layer = layer.loop_layer()
            layer.on_again = self._on_missed
            shared.loop_layer().on_mended = self._stay_together
        self._layer = layer
        self._receiving = asyncio.ensure_future(self._receive())

    def _stay_together(self) -> None:
        """Subscribe where this process publishes: after a failover, that is the new master."""
        shared: Any = get_channel_layer()
        for own, sending in zip(self._layer.shards, shared.loop_layer().shards, strict=True):
            own.stay_with(sending)

    def _renew(self, place: int) -> None:
        """Replace a dead connection, and join all its groups again."""
        self.rebuilt += 1
        trouble.begins(self._parts("hearing")[place], "nothing arrives; subscribing again")
        if backends.takes_many(self._layer):
            self._layer.shards[place].renew()
        else:
            self._rebuild()

    def _rebuild(self) -> None:
        """Replace a layer that is dead and cannot renew a connection by itself."""
        if self._receiving is not None:
            self._receiving.cancel()
        self._end_later(asyncio.ensure_future(backends.close(self._layer)))
        self._channel = ""
        for own in self._groups:
            if (ending := own.restart()) is not None:
                self._end_later(ending)
        self._open()

    def _end_later(self, task: asyncio.Task[None]) -> None:
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _parts(self, what: str) -> Sequence[str]:
        """Name what may be in trouble, by shard."""
        return backends.parts_of(self._layer, what)

    # -- groups

    def join(self, group: str, wanted: Callable[[], bool]) -> None:
        """Stay in a group while `wanted()` is true; call again when that may have changed."""
        if not self._groups:
            self._early[group] = wanted
            return
        own = self._groups[self._place_of(group)]
        own.want(group, wanted)
        if self._channel:
            own.settle()

    async def settled(self) -> None:
        """Wait until all wanted groups are joined; at most CALL_SECONDS.

        Then all messages to them are received. A Redis that is away is not waited for: the log
        is read once its groups are joined.
        """
        for own in self._groups:
            await own.settled()

    @property
    def is_settled(self) -> bool:
        """Say whether all wanted groups are joined."""
        return bool(self._groups) and all(own.is_settled for own in self._groups)

    def is_in(self, group: str) -> bool:
        """Say whether a group is joined."""
        return bool(self._groups) and group in self._groups[self._place_of(group)]

    def _place_of(self, group: str) -> int:
        return backends.place_of(self._layer, group)

    async def _change(self, join: Sequence[str], leave: Sequence[str]) -> None:
        """Join groups and leave others, all of one shard."""
        await backends.change_groups(self._layer, self._channel, join, leave)

    # -- messages

    async def _receive(self) -> None:
        layer = self._layer
        channel = layer.open_channel() if backends.takes_many(layer) else ""
        while not channel:
            try:
                async with asyncio.timeout(joined.CALL_SECONDS):
                    channel = await layer.new_channel()
            except Exception as error:
                stop_if_cancelled()
                trouble.begins(self._parts("joining groups")[0], error)
                await asyncio.sleep(joined.CALL_SECONDS / 2)
        stop_if_cancelled()
        self._channel = channel
        for own in self._groups:
            own.settle()
        heard = 0
        while True:
            try:
                self._take(await layer.receive(channel))
                heard += 1
                if heard % MESSAGES_A_TURN == 0:
                    await asyncio.sleep(0)  # receive() does not yield while messages wait
            except Exception:
                stop_if_cancelled()
                logger.exception("channel layer: a message could not be processed")
                await asyncio.sleep(0.1)

    def _take(self, message: Mapping[str, Any]) -> None:
        if message.get("from") not in groups.deployments():
            self.foreign += 1
        elif message["type"] == CANARY:
            place = int(message.get("place", 0))
            if self._canaries.heard(place, int(message["number"])):
                seconds = time.monotonic() - float(message["at"])
                meters.canary_seconds[str(place)].observe(seconds)
            self._back.set()
        else:
            self._on_message(dict(message))

    # -- the canaries

    async def _watch(self) -> None:
        for turn in itertools.count(1):  # probes send canaries too
            is_in = list(map(self.is_in, self._canaries.groups))
            number, sent = await self._sing()
            stop_if_cancelled()
            await asyncio.sleep(CANARY_SECONDS)
            missed = False
            for place, part in enumerate(self._parts("hearing")):
                lost, dead = self._canaries.judge(
                    place, number, joined=is_in[place], sent=sent[place]
                )
                missed = missed or lost
                if dead:
                    self._renew(place)
                elif is_in[place] and not lost:
                    trouble.ends(part)
                meters.canary_missed[str(place)] += lost
            if turn % MASTER_EVERY == 0:
                await follow_masters()
            if missed:
                self._on_missed()

    async def _sing(self) -> tuple[int, list[bool]]:
        """Send a canary through each shard; return their number and which shards took it."""
        self._canaries.number += 1
        number, sender, now = self._canaries.number, groups.deployment(), time.monotonic()
        messages = [
            (
                group,
                {"type": CANARY, "from": sender, "place": place, "number": number, "at": now},
            )
            for place, group in enumerate(self._canaries.groups)
        ]
        return number, [not isinstance(outcome, Exception) for outcome in await send_all(messages)]

    async def hears(self) -> bool:
        """Say whether what this node sends itself through each shard comes back now.

        For a probe: within PROOF_SECONDS, whatever was so before.
        """
        if backends.takes_many(self._layer):
            for shard in self._layer.shards:
                shard.hurry()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PROOF_SECONDS):
                while True:
                    number, _ = await self._sing()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(PROOF_SECONDS / 5):
                            while not self._canaries.are_back(number):
                                self._back.clear()
                                await self._back.wait()
                            return True
        return False
