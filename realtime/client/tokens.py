"""The access token: kept while it is valid, replaced shortly before its end.

`Link` takes the token for each connection; `Talk` runs `renew` while one is open.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from realtime.client.policy import MAX_REFUSALS, RETRY_SECONDS, Action, Lost
from realtime.client.requests import ServerError

GetToken = Callable[[str], Awaitable[str | None]]

logger = logging.getLogger("realtime.client")

MARGIN_SECONDS = 60.0  # at most; a fifth of a short life
MAX_REASON = 200  # characters
_UNFIT = re.compile(r"[^!-~]")
NO_TOKEN = Lost(Action.STOP, "get_token gave no token")


class NoToken(Exception):
    """`get_token` returned no token: the client ends."""


def failed(error: Exception, what: str = "get_token failed") -> Lost:
    """Log an error of `get_token` in one line, with its traceback at DEBUG; return a retry."""
    text = " ".join(str(error).split())[:MAX_REASON]
    reason = f"{what}: {type(error).__name__}{f': {text}' if text else ''}"
    logger.warning("%s", reason, exc_info=logger.isEnabledFor(logging.DEBUG))
    return Lost(Action.RETRY, reason)


def margin(life: float) -> float:
    """Return how many seconds before its end a token with this life is replaced."""
    return min(MARGIN_SECONDS, life / 5)


def life(message_timestamp: str, expires_at: str | None) -> float | None:
    """Return the seconds until a login ends, from two times of the server's clock."""
    if expires_at is None:
        return None
    return (
        datetime.fromisoformat(expires_at) - datetime.fromisoformat(message_timestamp)
    ).total_seconds()


def _retrieve(asked: asyncio.Task[str]) -> None:
    """Mark an error as read that has no waiting caller: the next caller asks again."""
    if not asked.cancelled():
        asked.exception()


class Tokens:
    """Calls `get_token` only when its last token can no longer be used."""

    def __init__(self, get_token: GetToken) -> None:
        self._get_token = get_token
        self._token: str | None = None
        self._why = "connect"
        self._margin: float | None = None  # from the token's first known life
        self._renew_at: float | None = None  # monotonic
        self._changed = asyncio.Event()
        self._asking: asyncio.Task[str] | None = None

    async def get(self, *, renew: bool = True) -> str:
        """Return the token; with `renew`, a new one if it is near its end.

        Raises NoToken, and what `get_token` does.
        """
        if self._token is None:
            return await self.fetch(self._why)
        if renew and self._is_due:
            return await self.fetch("expiring")
        return self._token

    @property
    def _is_due(self) -> bool:
        return self._renew_at is not None and time.monotonic() >= self._renew_at

    async def fetch(self, why: str) -> str:
        """Call `get_token`, or wait for the call that is running.

        It never runs twice at once, and finishes even if its caller is cancelled: it may have
        used up a refresh token. Raises NoToken, ValueError, and the errors of `get_token`.
        """
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(why), name="hoardrun client: token")
            self._asking.add_done_callback(_retrieve)
        try:
            return await asyncio.shield(self._asking)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise RuntimeError("something that it waited for was cancelled") from None

    async def _ask(self, why: str) -> str:
        token = ((await self._get_token(why)) or "").strip()
        if not token:
            raise NoToken
        if _UNFIT.search(token):
            # The libraries would show the token in their errors.
            raise ValueError("get_token returned a text that cannot be put in a header")
        self._token, self._why = token, "connect"
        self._margin = self._renew_at = None  # its life is not known yet
        return token

    def abandon(self) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()

    def refused(self) -> None:
        """Record that the server refused the token."""
        self._token, self._why = None, "refused"

    def lasts(self, seconds: float | None) -> None:
        """Record how long the token lasts, as the server said."""
        if seconds is None:
            self._renew_at = None
        else:
            if self._margin is None:
                self._margin = margin(seconds)
            self._renew_at = time.monotonic() + seconds - self._margin
        self._changed.set()

    def warned(self, seconds: float) -> None:
        """Record a warning of the server, if it is earlier than what is known."""
        before_end = margin(seconds) if self._margin is None else self._margin
        at = time.monotonic() + seconds - before_end
        if self._renew_at is None or at < self._renew_at:
            self._renew_at = at
            self._changed.set()

    async def until_due(self) -> None:
        """Wait until the token should be replaced."""
        while not self._is_due:
            self._changed.clear()
            wait = None if self._renew_at is None else self._renew_at - time.monotonic()
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def renew(self, authenticate: Callable[[str], Awaitable[object]]) -> Lost:
        """Replace the token before its end, for as long as the connection lives.

        `authenticate(token)` sends one over the open socket. Returns why that ends the client.
        """
        why, refusals = "", 0
        while refusals < MAX_REFUSALS:
            if not why:
                await self.until_due()
            try:
                await authenticate(await self.fetch(why or "expiring"))
                why, refusals = "", 0
            except NoToken:
                return NO_TOKEN
            except Exception as error:
                if isinstance(error, ServerError) and not error.retryable:
                    logger.warning("the server refuses the new token: %s", error.code)
                    self.refused()
                    why, refusals = "refused", refusals + 1
                else:
                    failed(error, "the token was not replaced yet")
                    why = why or "expiring"
                await asyncio.sleep(RETRY_SECONDS)
        return Lost(Action.STOP, "the server refuses every new token")
