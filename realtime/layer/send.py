"""Send wake-ups and ephemeral messages to the nodes, through the channel layer.

`realtime.publish` calls `wake` after a commit and `spread` for ephemeral messages. A wake-up is a
hint, never the record: losing one costs latency until the next reconcile reads the log. So sending
never blocks its caller and never fails it. Items go into a bounded queue. A task on the node's
event loop, or on a background thread in a process without a node, sends all that wait in as few
layer messages as possible. A single item is not delayed; items that follow gather for up to
MAX_SPACING_SECONDS.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextvars import Context
from itertools import chain, islice
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer

from realtime.core.limits import utf8_size
from realtime.core.pace import Pace
from realtime.core.records import StoredEvent
from realtime.layer import backends, groups
from realtime.layer.trouble import trouble

EVENTS = "hub.events"  # durable: a list of events
EPHEMERAL = "hub.ephemeral"  # a list of (rooms, key, type, data)
LOST = "hub.lost"  # wake-ups before this one could not be sent

MAX_QUEUE = 20_000  # items; more are dropped and counted
SEND_TIMEOUT_SECONDS = 1.0
LOST_SECONDS = 1.0  # until the nodes are told that some were lost, where nothing else is sent
MAX_SPACING_SECONDS = 0.002  # between two sends, by the number of items sent
MAX_INLINE_BYTES = 16 * 1024  # a larger event is sent without its payload
FEW_STREAMS = 4  # for more, one message to all nodes is cheaper than one per stream
# From this many nodes on it is not: each would read what is for the sockets of others.
MANY_NODES = 16
COUNTED_SECONDS = 60.0  # for how long a process that is no node relies on their number
MAX_ITEMS = 200  # in one layer message
MESSAGES_AT_ONCE = 512  # before others have their turn on the event loop

Item = StoredEvent | tuple[str, list[Any]]


class Sender:
    """The queue and the task that empties it. One per process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[Item] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self._armed = False  # the loop will read the queue by itself
        self._task: asyncio.Task[None] | None = None
        self._next: asyncio.TimerHandle | None = None
        self._pace = Pace(MAX_SPACING_SECONDS)
        self._idle = threading.Event()
        self._idle.set()
        self.dropped = 0
        self._lost = False  # the nodes are still to be told that some were
        self.nodes = 1  # that serve now; `realtime.cluster.reporter` says it in a node
        self._counted_at = -COUNTED_SECONDS

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Send from this loop from now on, which is the hub's."""
        with self._lock:
            self._loop = loop
            self._armed = bool(self._queue)
            if self._armed:
                loop.call_soon_threadsafe(self._turn, context=Context())

    def detach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop using a loop that is about to end."""
        with self._lock:
            if self._loop is loop:
                self._loop = None
                self._armed = False
                if self._next is not None:
                    self._next.cancel()

    def put(self, items: Sequence[Item]) -> None:
        """Queue items, from any thread. Never blocks; drops what does not fit."""
        with self._lock:
            loop = self._loop or self._background_loop()
            if loop is None:
                return
            room = MAX_QUEUE - len(self._queue)
            self._queue.extend(items[:room])
            if len(items) > room:
                self._lost_some(len(items) - room)
            self._idle.clear()
            if self._armed:
                return
            self._armed = True
        try:
            # Without the log context of the caller: it sends for all.
            loop.call_soon_threadsafe(self._turn, context=Context())
        except RuntimeError:  # the loop has just ended; reconcile will find the events
            with self._lock:
                self._armed = False
                self._queue.clear()
                self._idle.set()

    def flush(self, timeout_seconds: float = 1.0) -> bool:
        """Wait until the queue is sent, for commands that end; return False after the timeout."""
        return self._idle.wait(timeout_seconds)

    def _background_loop(self) -> asyncio.AbstractEventLoop | None:
        if self._own_loop is None:
            if isinstance(get_channel_layer(), InMemoryChannelLayer):
                return None  # it reaches this process only, which has no hub
            # Here, as uvicorn takes its time, and few processes need a loop of their own.
            from uvicorn.loops.auto import auto_loop_factory

            self._own_loop = auto_loop_factory()()  # uvloop's, which needs the fewest system calls
            threading.Thread(
                target=self._own_loop.run_forever, name="hoardrun-wakeup", daemon=True
            ).start()
            atexit.register(self.flush)
        return self._own_loop

    def _turn(self) -> None:
        """Send what waits and look again later, until nothing came meanwhile.

        So a steady publisher only fills the queue: waking a loop from another thread costs
        more than the rest.
        """
        loop = asyncio.get_running_loop()
        with self._lock:
            if loop is not (self._loop or self._own_loop):
                return
            items = list(self._queue)
            self._queue.clear()
            if not items:
                self._armed = False
                if self._lost:
                    self._next = loop.call_later(LOST_SECONDS, self._tell_of_lost)
                return
        now = loop.time()
        self._pace.began(now, len(items))
        self._task = loop.create_task(self._send(items, now + self._pace.wait(now)))

    def _tell_of_lost(self) -> None:
        """Tell the nodes that some were lost, unless what was sent since has told them."""
        loop = asyncio.get_running_loop()
        with self._lock:
            is_over = loop is not (self._loop or self._own_loop)
            if is_over or self._armed or not self._lost:
                return
            self._armed = True
        self._task = loop.create_task(self._send([], loop.time()))

    async def _send(self, items: Sequence[Item], next_at: float) -> None:
        loop = asyncio.get_running_loop()
        is_node = self._loop is loop
        if not is_node and loop.time() - self._counted_at > COUNTED_SECONDS:
            self.nodes = 1  # so that the next message to all nodes counts them
        messages = _combine(items, self.nodes)
        if self._lost:
            self._lost = False
            messages = chain([(groups.all_nodes_group(), _message(LOST))], messages)
        while batch := list(islice(messages, MESSAGES_AT_ONCE)):
            outcomes = await send_all(batch)
            if batch[0][1]["type"] == LOST and isinstance(outcomes[0], Exception):
                self._lost = True  # they are told again, and it counts as nothing that was dropped
                batch, outcomes = batch[1:], outcomes[1:]
            if failed := sum(isinstance(outcome, Exception) for outcome in outcomes):
                self._lost_some(failed)
                trouble.unsent(failed)
            if not is_node:
                self._count(batch, outcomes, loop.time())
        with self._lock:
            if not self._queue:
                self._idle.set()
        self._next = loop.call_at(next_at, self._turn)

    def _lost_some(self, count: int) -> None:
        self.dropped += count
        self._lost = True

    def _count(
        self, batch: Sequence[tuple[str, Any]], outcomes: Sequence[object], now: float
    ) -> None:
        """Learn from Redis how many nodes have received what was for all of them."""
        for (group, _), reached in zip(batch, outcomes, strict=True):
            if group == groups.all_nodes_group() and isinstance(reached, int):
                self.nodes, self._counted_at = reached, now


async def send_all(messages: Sequence[tuple[str, Mapping[str, Any]]]) -> Sequence[object]:
    """Send layer messages in order; never fail. Return the error of each that was not sent.

    On our own layer, return the number of nodes that each of the others has reached.
    """
    layer: Any = get_channel_layer()
    if backends.is_ours(layer):
        return await layer.loop_layer().group_send_many(messages)
    outcomes: list[object] = []
    for group, message in messages:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                await layer.group_send(group, message)
        except Exception as error:
            trouble.begins("sending", error)
            outcomes.append(error)
        else:
            trouble.ends("sending")
            outcomes.append(None)
    return outcomes


async def follow_masters() -> None:
    """Have the connections that send look where the Sentinels say their masters are."""
    layer: Any = get_channel_layer()
    if backends.is_ours(layer):
        await asyncio.gather(*(shard.follow_master() for shard in layer.loop_layer().shards))


def _combine(items: Sequence[Item], nodes: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Combine items into few layer messages; keeps the order within a stream.

    Many streams share a message to all nodes, unless there are many nodes.
    """
    streams: dict[str, list[list[Any]]] = {}
    topics: dict[str, list[Any]] = {}
    for item in items:
        if isinstance(item, StoredEvent):
            inline = item.payload if utf8_size(item.payload) <= MAX_INLINE_BYTES else None
            streams.setdefault(item.stream, []).append([*item[:5], inline])
        else:
            topic, messages = item
            topics.setdefault(topic, []).extend(messages)
    for topic, gathered in topics.items():
        for messages in _chunks(gathered):
            yield (
                groups.topic_group(topic),
                _message(EPHEMERAL, topic=topic, messages=messages, at=time.time()),
            )
    if len(streams) <= FEW_STREAMS or nodes >= MANY_NODES:
        by_group = {groups.stream_group(stream): events for stream, events in streams.items()}
    else:
        by_group = {groups.all_nodes_group(): [e for events in streams.values() for e in events]}
    for group, waiting in by_group.items():
        for events in _chunks(waiting):
            yield group, _message(EVENTS, events=events)


def _message(kind: str, **content: Any) -> dict[str, Any]:
    return {"type": kind, "from": groups.deployment(), **content}


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    return (items[start : start + MAX_ITEMS] for start in range(0, len(items), MAX_ITEMS))


sender = Sender()


def wake(entries: Sequence[StoredEvent]) -> None:
    """Wake the nodes with followers of the streams of these committed events."""
    sender.put(entries)


def spread(topic: str, messages: list[Any]) -> None:
    """Send ephemeral messages to the nodes with sockets in rooms of `topic`."""
    sender.put([(topic, messages)])
