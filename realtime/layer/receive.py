"""This node's ear on the channel layer: the groups it is in, and whether it still hears.

A subscriber whose link to Redis is half open hears nothing for ever, without an error:
nothing in the layer or below it waits for an answer there. So the node speaks to itself
through the layer every two seconds. What it does not hear makes it read the log at once;
two in a row, and it builds its part of the layer anew. The layer's own hooks for lost
connections are never called.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from channels.layers import InMemoryChannelLayer, channel_layers, get_channel_layer

from realtime.layer import groups

logger = logging.getLogger(__name__)

CANARY = "hub.canary"
CANARY_SECONDS = 2.0
MISSED_CANARIES = 2  # in a row, before the link counts as dead
CALL_SECONDS = 1.0  # for one call of the layer, and for a login to wait for its groups
CLOSE_SECONDS = 5.0  # more than a call on the dead link may still hold its lock
MESSAGES_A_TURN = 100  # at most, before the sockets are written to and heard


class LayerReceiver:
    """Joins groups, receives, and heals itself.

    `on_message(message)` takes each message, `on_missed()` is called when some may have been lost.
    A layer that is away never raises here and never ends a socket.
    """

    def __init__(
        self,
        node_id: str,
        on_message: Callable[[dict[str, Any]], None],
        on_missed: Callable[[], None],
    ) -> None:
        self.foreign = 0  # messages of another deployment on the same layer
        self.rebuilt = 0
        self._own_group = groups.node_group(node_id)
        self._on_message = on_message
        self._on_missed = on_missed
        self._layer: Any = None
        self._channel = ""
        self._groups: set[str] = set()
        self._unsettled: dict[str, Callable[[], bool]] = {}
        self._wanted: dict[str, Callable[[], bool]] = {}
        self._settling: asyncio.Task[None] | None = None
        self._receiving: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._away = True  # until the first groups are joined
        self._canary = 0  # the number of the last one sent
        self._heard = 0  # and of the last one heard

    # -- lifetime

    def start(self) -> None:
        """Begin to listen, to what was wanted so far and to this node's own voice."""
        self._open()
        for group in (groups.all_nodes_group(), self._own_group):
            self.join(group, lambda: True)
        self._watching = asyncio.ensure_future(self._watch())

    async def stop(self) -> None:
        """Leave the layer."""
        tasks = [self._watching, self._settling, self._receiving, *self._closing]
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*filter(None, tasks), return_exceptions=True)
        await _close(self._layer)

    def _open(self) -> None:
        shared: Any = get_channel_layer()
        # A part of our own: in a shared one, subscribing would make publishers wait.
        own = not isinstance(shared, InMemoryChannelLayer)
        self._layer = channel_layers.make_backend("default") if own else shared
        self._receiving = asyncio.ensure_future(self._receive())

    def _rebuild(self) -> None:
        """Take another link in place of one that is dead, and join everything again."""
        logger.warning("channel layer: hears nothing; subscribing anew")
        self.rebuilt += 1
        for task in (self._receiving, self._settling):
            if task is not None:
                task.cancel()
        closing = asyncio.ensure_future(_close(self._layer))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        self._channel, self._away = "", True
        if self._settling is not None:  # which may take a while to end, and nobody waits for
            self._closing.add(self._settling)
            self._settling.add_done_callback(self._closing.discard)
            self._settling = None
        for group in sorted(self._groups):  # in the same order in each run of a simulation
            self._unsettled[group] = self._wanted[group]
        self._groups = set()
        self._open()

    # -- groups

    def join(self, group: str, wanted: Callable[[], bool]) -> None:
        """Be in a group for as long as `wanted()`; call again when that may have changed."""
        self._wanted[group] = self._unsettled[group] = wanted
        if self._channel and (self._settling is None or self._settling.done()):
            self._settling = asyncio.ensure_future(self._settle())

    async def settled(self) -> None:
        """Wait until all wanted groups are joined; not for long when the layer is away."""
        if self._settling is not None and not self._away:
            await asyncio.wait([self._settling], timeout=CALL_SECONDS)

    async def _settle(self) -> None:
        late = self._away
        while self._channel and self._unsettled:
            group, wanted = next(iter(self._unsettled.items()))
            if wanted() == (group in self._groups):
                del self._unsettled[group]
                if not wanted():
                    self._wanted.pop(group, None)
                continue
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    if wanted():
                        await self._layer.group_add(group, self._channel)
                        # Of another link than the one that was joined, if it was built anew.
                        _stop_if_cancelled()
                        self._groups.add(group)
                    else:
                        self._groups.discard(group)
                        await self._layer.group_discard(group, self._channel)
            except Exception as error:
                _stop_if_cancelled()
                if not self._away:
                    logger.warning("channel layer: %r", error)
                self._away = late = True
                await asyncio.sleep(CALL_SECONDS / 2)
                continue
            _stop_if_cancelled()
        self._away = False
        if late:
            self._on_missed()

    # -- messages

    async def _receive(self) -> None:
        layer, channel = self._layer, ""
        while not channel:
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    channel = await layer.new_channel()
            except Exception as error:
                _stop_if_cancelled()
                logger.warning("channel layer: %r", error)
                await asyncio.sleep(CALL_SECONDS / 2)
        _stop_if_cancelled()
        self._channel = channel
        for group, wanted in list(self._unsettled.items()):
            self.join(group, wanted)
        heard = 0
        while True:
            try:
                self._take(await layer.receive(channel))
                heard += 1
                if heard % MESSAGES_A_TURN == 0:
                    await asyncio.sleep(0)  # receive() does not yield while more is there
            except Exception:
                _stop_if_cancelled()
                logger.exception("channel layer: a message could not be used")
                await asyncio.sleep(0.1)

    def _take(self, message: Mapping[str, Any]) -> None:
        if message.get("from") not in groups.deployments():
            self.foreign += 1
        elif message["type"] == CANARY:
            self._heard = max(self._heard, int(message["number"]))
        else:
            self._on_message(dict(message))

    # -- the canary

    async def _watch(self) -> None:
        missed = 0
        while True:
            joined = self._own_group in self._groups
            sent = joined and await self._sing()
            _stop_if_cancelled()
            await asyncio.sleep(CANARY_SECONDS)
            if not joined or (sent and self._heard >= self._canary):
                missed = 0
                continue
            self._on_missed()
            # What could not be sent says that Redis is away, not that we are deaf.
            missed = missed + 1 if sent else 0
            if missed >= MISSED_CANARIES:
                missed = 0
                self._rebuild()

    async def _sing(self) -> bool:
        """Speak to this node through the layer; False when it does not take it."""
        self._canary += 1
        message = {"type": CANARY, "from": groups.deployment(), "number": self._canary}
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await self._layer.group_send(self._own_group, message)
        except Exception as error:
            logger.warning("channel layer: %r", error)
            return False
        return True


def _stop_if_cancelled() -> None:
    """Go on with a cancellation that the Redis client has swallowed, as it does now and then."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _close(layer: Any) -> None:
    """Close a link, whatever state it is in."""
    if isinstance(layer, InMemoryChannelLayer):
        return
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await layer.flush()
    except Exception as error:
        logger.info("channel layer: the old link did not close: %r", error)
