"""Shorten the wait of a program that polls: a hint through the layer that there is work now.

A hint may be lost, and comes without a promise: its listener goes on to poll. Without Redis there
is none, as memory reaches one process only.

A process sends one hint of a topic in SPACING_SECONDS and leaves out those that follow. That loses
none of them: who hears a hint looks GATHER_SECONDS later at the soonest, which is after the last
one left out. How much later is left to chance, and to what a `Turn` has learned: of many workers
one looks soon and takes what is there, and the others look seldom, as they find nothing.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import transaction

from realtime.layer import groups, send

RETRY_SECONDS = 5.0
SPACING_SECONDS = 0.025
GATHER_SECONDS = 2 * SPACING_SECONDS  # the rest is for clocks of threads that wait their turn
LATEST_SECONDS = 0.25
BUSY_SECONDS = 0.5  # the latest while there is much to do
SELDOM_SECONDS = 1.25
LEFT_SECONDS = 0.65
MOST_MISSES = 2
SEVERAL = 3  # pieces of work in one look

logger = logging.getLogger(__name__)


_sent: dict[str, float] = {}  # by topic, when this process has sent its newest hint


def nudge(topic: str) -> None:
    """Give the listeners of a topic a hint once the caller's transaction has committed."""
    transaction.on_commit(partial(_send, topic), robust=True)


def _send(topic: str) -> None:
    # Without a lock: two threads at the same moment send two hints, which does no harm.
    now = time.monotonic()
    if now - _sent.get(topic, -SPACING_SECONDS) >= SPACING_SECONDS:
        _sent[topic] = now
        send.spread(topic, [""])


class Turn:
    """Decides how soon a worker looks for work that several workers may take.

    A worker that finds work has the turn: it looks again soon, or a little later if it has found
    SEVERAL, as many cost little more than one. A worker that comes too late twice in a row loses
    the turn: it looks seldom, and leaves work to the others for LEFT_SECONDS. If it takes work that
    was left for so long, it has the turn again.

    A worker comes too late if it finds nothing, or if it finds SEVERAL twice in a row and all of
    them have become due in the second half of the time between: another worker has taken what was
    due before.
    """

    def __init__(self) -> None:
        self._is_called = False
        self._misses = 0  # in a row
        self._is_busy = False
        self._looked_at = -math.inf

    @property
    def leaves(self) -> bool:
        """Say whether it leaves what is due to others for LEFT_SECONDS."""
        return self._misses >= MOST_MISSES

    def pause(self) -> float:
        """Return after how many seconds to look."""
        self._is_called = True
        if self.leaves:
            return random.uniform(LEFT_SECONDS + GATHER_SECONDS, SELDOM_SECONDS)
        if self._is_busy:
            return random.uniform(LATEST_SECONDS, BUSY_SECONDS)
        return random.uniform(GATHER_SECONDS, LATEST_SECONDS)

    @staticmethod
    def spread(seconds: float) -> float:
        """Return after how many seconds to take what was seen and left, if nobody else has."""
        return seconds + random.uniform(0, LATEST_SECONDS)

    def looked(self, found: int, *, oldest_seconds: float = math.inf) -> None:
        """Learn how much there was, and for how long the oldest had been due.

        A look that comes too late counts only after a `pause`, not a mere poll.
        """
        now, was_busy = time.monotonic(), self._is_busy
        self._is_busy = found >= SEVERAL
        is_others_rest = was_busy and self._is_busy and oldest_seconds < (now - self._looked_at) / 2
        if found and not is_others_rest:
            self._misses = 0
        elif self._is_called:
            self._misses += 1
        self._is_called, self._looked_at = False, now


class Listener:
    """Calls a function for the hints of its topic, on a thread that all topics share.

    Hints that come at once lead to one call. What a topic's turn is told says how soon.
    """

    def __init__(
        self,
        calls: Mapping[str, Callable[[], None]],
        turns: Mapping[str, Turn] | None = None,
    ) -> None:
        self._calls = calls  # by topic
        self._turns = {topic: Turn() for topic in calls} | dict(turns or {})
        self._called: set[str] = set()  # topics whose call is to come
        self._heard: set[str] = set()  # those of them that were hinted at again
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self.is_listening = threading.Event()

    def start(self) -> None:
        """Begin to listen, where there is a layer between processes."""
        if isinstance(get_channel_layer(), InMemoryChannelLayer):
            return
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="hoardrun-nudge", daemon=True)
        self._thread.start()

    def stop(self, timeout_seconds: float = 5.0) -> None:
        """End the thread."""
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join(timeout_seconds)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self) -> None:
        assert self._loop is not None
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self._listen())
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _listen(self) -> None:
        while True:
            try:
                await self._receive()
            except Exception as error:  # the poll goes on without hints
                logger.warning("no hints come through the layer: %r", error)
            self.is_listening.clear()
            await asyncio.sleep(RETRY_SECONDS)

    async def _receive(self) -> None:
        layer: Any = get_channel_layer()
        channel = await layer.new_channel()
        for topic in self._calls:
            await layer.group_add(groups.topic_group(topic), channel)
        self.is_listening.set()
        while True:
            message = await layer.receive(channel)
            if message.get("from") in groups.deployments():
                self._hear(message["topic"])

    def _hear(self, topic: str) -> None:
        """Call a moment later. A hint that comes meanwhile has a call of its own after that."""
        assert self._loop is not None
        if topic in self._called:
            self._heard.add(topic)
            return
        self._called.add(topic)
        self._loop.call_later(self._turns[topic].pause(), self._call, topic)

    def _call(self, topic: str) -> None:
        self._called.discard(topic)
        self._calls[topic]()
        if topic in self._heard:
            self._heard.discard(topic)
            self._hear(topic)
