"""The access token: kept while it lasts, replaced shortly before its end."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from realtime.client.errors import ServerError
from realtime.client.policy import MAX_REFUSALS, RETRY_SECONDS, Action, Lost

GetToken = Callable[[str], Awaitable[str | None]]

logger = logging.getLogger("realtime.client")

MARGIN_SECONDS = 60.0  # at most; of a short life, a fifth
MAX_REASON = 200  # characters
_UNFIT = re.compile(r"[^!-~]")
NO_TOKEN = Lost(Action.STOP, "get_token gave no token")


class NoToken(Exception):
    """`get_token` has none: the end of the client."""


def failed(error: Exception, what: str = "get_token failed") -> Lost:
    """Tell of a `get_token` that raised, in one line; the whole of it is logged at DEBUG."""
    text = " ".join(str(error).split())[:MAX_REASON]
    reason = f"{what}: {type(error).__name__}{f': {text}' if text else ''}"
    logger.warning("%s", reason, exc_info=logger.isEnabledFor(logging.DEBUG))
    return Lost(Action.RETRY, reason)


def margin(life: float) -> float:
    """Return how many seconds before the end of a life this long a token is replaced."""
    return min(MARGIN_SECONDS, life / 5)


def life(message_timestamp: str, expires_at: str | None) -> float | None:
    """Return the seconds a login lasts, from two times by the server's clock."""
    if expires_at is None:
        return None
    return (
        datetime.fromisoformat(expires_at) - datetime.fromisoformat(message_timestamp)
    ).total_seconds()


def _retrieve(asked: asyncio.Task[str]) -> None:
    """Take note of an error that nobody waits for any more: the next who needs a token asks."""
    if not asked.cancelled():
        asked.exception()


class Tokens:
    """Asks `get_token` only when the token that it gave last is no good any more."""

    def __init__(self, get_token: GetToken) -> None:
        self._get_token = get_token
        self._token: str | None = None
        self._why = "connect"
        self._margin: float | None = None  # that of the token's first reading
        self._renew_at: float | None = None  # monotonic
        self._changed = asyncio.Event()
        self._asking: asyncio.Task[str] | None = None

    async def get(self, *, renew: bool = True) -> str:
        """Return the token; with `renew`, not one that is near its end.

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
        """Ask for a new one, or wait with those who have asked already.

        `get_token` never runs twice at a time, and ends though who asked goes away: it may
        have exchanged a refresh token that is good once. Raises NoToken, ValueError, and what
        `get_token` does.
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
            # The libraries would say the whole of it in their errors.
            raise ValueError("get_token gave what cannot stand in a header")
        self._token, self._why = token, "connect"
        self._margin = self._renew_at = None  # nobody has said yet how long it lasts
        return token

    def abandon(self) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()

    def refused(self) -> None:
        """Note that the server does not take it."""
        self._token, self._why = None, "refused"

    def lasts(self, seconds: float | None) -> None:
        """Note what the server said of the token's end."""
        if seconds is None:
            self._renew_at = None
        else:
            if self._margin is None:
                self._margin = margin(seconds)
            self._renew_at = time.monotonic() + seconds - self._margin
        self._changed.set()

    def warned(self, seconds: float) -> None:
        """Note a warning of the server's, which counts if it is news."""
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
