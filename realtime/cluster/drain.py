"""Close a node's sockets before it stops: spread over a window, none with a reset.

The server of `realtime.cluster.serve` calls it at shutdown.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable

from realtime.hub.hub import Hub

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.1
MAX_SPACING_SECONDS = 0.02  # between two sockets: few leave sooner than many
LEAVE_SECONDS = 6.0  # for clients to take what they are still to be sent


async def drain(node: Hub, delay: float, give_up: Callable[[], bool]) -> float:
    """Refuse new sockets, wait for `delay` seconds, then close all sockets evenly.

    The window is DRAIN_SECONDS long, or shorter if few are connected. Ends once all have been
    sent a close, after LEAVE_SECONDS, or at once when `give_up()` is true. Returns when, by the
    monotonic clock, the last was sent away.
    """
    node.draining = True
    async for _ in _ticks(delay):
        if give_up():
            return time.monotonic()
    leaving = list(node.sockets)
    random.shuffle(leaving)
    logger.info("draining: %d connection(s) to close", len(leaving))
    window = min(node.options.drain_seconds, len(leaving) * MAX_SPACING_SECONDS)
    sent, began = 0, time.monotonic()
    while sent < len(leaving) and not give_up():
        share = (time.monotonic() - began + TICK_SECONDS) / max(window, TICK_SECONDS)
        upto = min(len(leaving), max(sent + 1, int(len(leaving) * share)))
        for socket in leaving[sent:upto]:
            node.sockets.send_away(socket)
        sent = upto
        await asyncio.sleep(TICK_SECONDS if sent < len(leaving) else 0)
    last = time.monotonic()
    async for _ in _ticks(LEAVE_SECONDS):
        if give_up() or not node.sockets:
            break
    return last


async def _ticks(seconds: float) -> AsyncIterator[None]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield
        await asyncio.sleep(TICK_SECONDS)
