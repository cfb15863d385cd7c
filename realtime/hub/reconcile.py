"""Compare this node's positions with the log, and find the events whose wake-up was lost.

This, not the layer, is what the promise of delivery rests on. While there is reason to doubt that
wake-ups arrive, a node looks every `reconcile_seconds`; otherwise at a random time within
`reconcile_calm_seconds`. A look asks for the streams that have changed since the last one, so its
cost follows the changes and not the sockets. A slow round over all streams finds what changed
without an event, such as a head that was set by hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random

from realtime import log
from realtime.core.tail import Tail
from realtime.db import threads
from realtime.hub.streams import FollowedStreams
from realtime.options import Options

logger = logging.getLogger(__name__)

DOUBT_SECONDS = 60.0  # after the last reason
ROUND_SECONDS = 600.0  # in which all streams are compared once, changed or not
# Events that a look finds the streams of; beyond, and beyond the streams followed, it reads all.
MOST_EVENTS = 1000


class Reconciler:
    """Looks for what has changed in the log, and has the streams catch up."""

    def __init__(self, streams: FollowedStreams, options: Options) -> None:
        self._streams = streams
        self._doubt_seconds = options.reconcile_seconds
        self._calm_seconds = max(options.reconcile_seconds, options.reconcile_calm_seconds)
        loop = asyncio.get_running_loop()
        self._now = loop.time
        self._looked_at = loop.time()
        self._doubtful_until = loop.time() + DOUBT_SECONDS  # after an outage some may be missed
        self._woken = asyncio.Event()
        self._at_once = False
        self._tail: Tail | None = None
        self._round: list[str] = []  # streams that the slow round has not come to

    @property
    def is_doubtful(self) -> bool:
        """Say whether wake-ups may be lost these days."""
        return self._now() < self._doubtful_until

    def doubt(self) -> None:
        """Look every `reconcile_seconds` for a while: a wake-up was lost."""
        self._doubtful_until = self._now() + DOUBT_SECONDS
        self._woken.set()

    def look_now(self) -> None:
        """Look at once: wake-ups may have been lost just now."""
        self._at_once = True
        self.doubt()

    async def run(self) -> None:
        """Look for as long as the node lives."""
        while True:
            await self._wait()
            try:
                await self.look()
            except Exception as error:  # a database that is away comes back
                logger.warning("reconcile: %r", error)
                self.doubt()

    async def _wait(self) -> None:
        calm = random.uniform(max(self._doubt_seconds, self._calm_seconds / 2), self._calm_seconds)
        while not self._at_once:
            self._woken.clear()
            seconds = self._doubt_seconds if self.is_doubtful else calm
            left = self._looked_at + seconds - self._now()
            if left <= 0:
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._woken.wait()
        self._at_once = False

    async def look(self) -> None:
        """Look once. A failure is made good by the next look, from the same place."""
        before, self._looked_at = self._looked_at, self._now()
        unsettled = self._streams.take_unsettled()
        asked = unsettled | self._next_of_round(self._looked_at - before)
        most = max(MOST_EVENTS, len(self._streams.followed))
        try:
            changed = await threads.run(log.look, self._tail, asked, most)
            heads = changed.heads
            if heads is None:
                heads = await threads.run(log.heads, list(self._streams.followed))
        except BaseException:
            self._streams.put_back(unsettled)
            raise
        if self._tail is not None and self._tail.place != changed.tail.place:
            self.doubt()  # another database, or one that has started anew
        self._tail = changed.tail
        self._streams.compare(heads)

    def _next_of_round(self, seconds: float) -> set[str]:
        """Return the streams that are due after `seconds`."""
        followed = self._streams.followed
        if not self._round:
            self._round = list(followed)
        count = math.ceil(len(followed) * min(1.0, seconds / ROUND_SECONDS))
        some, self._round = self._round[:count], self._round[count:]
        return followed.keys() & some
