"""Receive from the channel layer, and notice when nothing arrives any more.

The hub owns one LayerReceiver. A subscriber whose connection to Redis is half open would wait for
ever without an error, as nothing in the layer waits for an answer. So each node sends itself a
canary through the layer every CANARY_SECONDS. A missed one makes the hub read the log at once;
MISSED_CANARIES in a row rebuild the subscription. The layer's own hooks for lost connections are
never called. Messages are hints: the log decides what is delivered.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from channels.layers import InMemoryChannelLayer, channel_layers, get_channel_layer

from realtime.layer import groups
from realtime.meters import meters

logger = logging.getLogger(__name__)

CANARY = "hub.canary"
CANARY_SECONDS = 2.0
MISSED_CANARIES = 2  # in a row, before the connection counts as dead
CALL_SECONDS = 1.0  # for one call of the layer, and for a login to wait for its groups
CLOSE_SECONDS = 5.0  # longer than a call on the dead connection holds its lock
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
        self._sung_at = 0.0  # when the last one was sent

    # -- lifetime

    def start(self) -> None:
        """Begin to receive, from the groups wanted so far and the canary's."""
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
        # A backend of our own: in the shared one, subscribing would make publishers wait.
        own = not isinstance(shared, InMemoryChannelLayer)
        self._layer = channel_layers.make_backend("default") if own else shared
        self._receiving = asyncio.ensure_future(self._receive())

    def _rebuild(self) -> None:
        """Replace a dead connection and join all groups again."""
        logger.warning("channel layer: nothing arrives; subscribing again")
        self.rebuilt += 1
        for task in (self._receiving, self._settling):
            if task is not None:
                task.cancel()
        closing = asyncio.ensure_future(_close(self._layer))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        self._channel, self._away = "", True
        if self._settling is not None:  # it may take a while to end
            self._closing.add(self._settling)
            self._settling.add_done_callback(self._closing.discard)
            self._settling = None
        for group in sorted(self._groups):  # sorted, so that simulations repeat
            self._unsettled[group] = self._wanted[group]
        self._groups = set()
        self._open()

    # -- groups

    def join(self, group: str, wanted: Callable[[], bool]) -> None:
        """Stay in a group while `wanted()` is true; call again when that may have changed."""
        self._wanted[group] = self._unsettled[group] = wanted
        if self._channel and (self._settling is None or self._settling.done()):
            self._settling = asyncio.ensure_future(self._settle())

    async def settled(self) -> None:
        """Wait until all wanted groups are joined; at most CALL_SECONDS."""
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
                        # After a rebuild, this group was joined on the old connection.
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
                    await asyncio.sleep(0)  # receive() does not yield while messages wait
            except Exception:
                _stop_if_cancelled()
                logger.exception("channel layer: a message could not be processed")
                await asyncio.sleep(0.1)

    def _take(self, message: Mapping[str, Any]) -> None:
        if message.get("from") not in groups.deployments():
            self.foreign += 1
        elif message["type"] == CANARY:
            self._heard = max(self._heard, int(message["number"]))
            if self._heard == self._canary and self._sung_at:
                meters.canary_seconds.observe(time.monotonic() - self._sung_at)
                self._sung_at = 0.0
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
            meters.canary_missed += 1
            self._on_missed()
            # A canary that was not sent means that Redis is away: rebuilding would not help.
            missed = missed + 1 if sent else 0
            if missed >= MISSED_CANARIES:
                missed = 0
                self._rebuild()

    async def _sing(self) -> bool:
        """Send this node a canary; return False if the layer does not take it."""
        self._canary += 1
        self._sung_at = time.monotonic()
        message = {"type": CANARY, "from": groups.deployment(), "number": self._canary}
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await self._layer.group_send(self._own_group, message)
        except Exception as error:
            logger.warning("channel layer: %r", error)
            return False
        return True


def _stop_if_cancelled() -> None:
    """Raise a cancellation that the Redis client has swallowed, as it sometimes does."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _close(layer: Any) -> None:
    """Close a backend, whatever its state."""
    if isinstance(layer, InMemoryChannelLayer):
        return
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await layer.flush()
    except Exception as error:
        logger.info("channel layer: the old connection did not close: %r", error)
