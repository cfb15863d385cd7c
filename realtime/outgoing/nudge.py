"""Shorten the wait of a program that polls: a hint through the layer that there is work now.

A hint may be lost, and comes without a promise: its listener goes on to poll. Without Redis there
is none, as memory reaches one process only.

A process sends one hint of a topic in SPACING_SECONDS and leaves out those that follow. That loses
none of them: who hears a hint looks GATHER_SECONDS later at the soonest, which is after the last
one left out. How much later is left to chance, up to LATEST_SECONDS: of many workers one looks
soon and takes what is there, and the others look seldom, as they find nothing.
"""

from __future__ import annotations

import asyncio
import logging
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


class Listener:
    """Calls a function for the hints of its topic, on a thread that all topics share.

    Hints that come at once lead to one call.
    """

    def __init__(self, calls: Mapping[str, Callable[[], None]]) -> None:
        self._calls = calls  # by topic
        self._heard: set[str] = set()
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
        hinted = asyncio.Event()
        async with asyncio.TaskGroup() as both:
            both.create_task(self._call(hinted))
            while True:
                message = await layer.receive(channel)
                if message.get("from") in groups.deployments():
                    self._heard.add(message["topic"])
                    hinted.set()

    async def _call(self, hinted: asyncio.Event) -> None:
        """Call for what was hinted at, a moment later. What is hinted at meanwhile is next."""
        while True:
            await hinted.wait()
            hinted.clear()
            heard, self._heard = self._heard, set()
            await asyncio.sleep(random.uniform(GATHER_SECONDS, LATEST_SECONDS))
            for topic in heard:
                self._calls[topic]()
