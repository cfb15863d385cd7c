"""The start of this process's node, which every request may wait for and try again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from hoardrun import refused
from realtime import asgi
from realtime.core.refusals import Refusal

logger = logging.getLogger(__name__)

WAIT_SECONDS = 5.0  # for an attempt, whoever began it
PAUSE_SECONDS = 1.0  # after one that failed

NOT_STARTED = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable",
    "This server has not started yet; try again.",
    {"Retry-After": "1"},
)


class Start:
    """Does `work` once with success; attempts that fail are repeated when somebody waits."""

    def __init__(self, work: Callable[[], Awaitable[Any]]) -> None:
        self._work = work
        self._attempt: asyncio.Task[Any] | None = None
        self._failed_at: float | None = None
        self.is_done = False

    async def wait(self) -> bool:
        """Say whether the work is done, at the latest after WAIT_SECONDS.

        All who wait share one attempt. Within PAUSE_SECONDS of a failure there is no other.
        """
        if self.is_done:
            return True
        if self._attempt is None:
            paused_since = self._failed_at
            if paused_since is not None and time.monotonic() - paused_since < PAUSE_SECONDS:
                return False
            self._attempt = asyncio.ensure_future(self._try())
        await asyncio.wait([self._attempt], timeout=WAIT_SECONDS)
        return self.is_done

    async def _try(self) -> None:
        try:
            await self._work()
        except Exception as error:
            self._failed_at = time.monotonic()
            logger.error("the node has not started: %s: %s", type(error).__name__, error)
        else:
            self.is_done = True
        finally:
            self._attempt = None


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Send a client away that is to come back: 503, or a socket's close code to that effect."""
    if scope["type"] == "http":
        await refused.refuse(NOT_STARTED, scope, send)
    else:
        await asgi.send_away(scope, receive, send)
