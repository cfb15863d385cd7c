"""Shorten the wait of a program that polls: a hint through the layer that there is work now.

A hint may be lost, and comes without a promise: its listener goes on to poll. Without Redis there
is none, as memory reaches one process only.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import transaction

from realtime.layer import groups, send

RETRY_SECONDS = 5.0

logger = logging.getLogger(__name__)


def nudge(topic: str) -> None:
    """Give the listeners of a topic a hint once the caller's transaction has committed."""
    transaction.on_commit(partial(send.spread, topic, [""]), robust=True)


class Listener:
    """Calls a function at each hint, on a thread of its own; hints that come at once are one."""

    def __init__(self, topic: str, call: Callable[[], None]) -> None:
        self._topic, self._call = topic, call
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
        await layer.group_add(groups.topic_group(self._topic), channel)
        self.is_listening.set()
        while True:
            message = await layer.receive(channel)
            if message.get("from") in groups.deployments():
                self._call()
