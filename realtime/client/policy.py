"""When a client comes back, and whether: what a close code or a refusal means."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

from realtime.protocol.codes import CloseCode

BASE_SECONDS = 0.5
CEILING_SECONDS = 30.0
STABLE_SECONDS = 10.0  # a server that greets and falls again must not be hammered
MAX_REFUSALS = 3  # tokens in a row that were no good
RETRY_SECONDS = 1.0  # between two tries on an open socket
_SLOWER = 4  # attempts ahead: sixteen times as long


class Action(Enum):
    """What follows the end of a connection."""

    RETRY = "come back, and resume"
    SLOWER = "back off for longer, then come back"
    RENEW = "get a new token, then come back"
    STOP = "stay away"


@dataclass(frozen=True, slots=True)
class Lost:
    """How a connection, or an attempt at one, ended: `code` is None without a socket."""

    action: Action
    reason: str
    code: int | None = None
    hint: float | None = None  # seconds, from the server
    at_once: bool = False


def on_close(code: int) -> Action:
    """Say what follows a close code; one that the protocol does not name is a broken line."""
    try:
        known = CloseCode(code)
    except ValueError:
        return Action.RETRY
    if known is CloseCode.UNAUTHORIZED:
        return Action.RENEW
    if known is CloseCode.RATE_LIMITED:
        return Action.SLOWER
    return Action.RETRY if known.retryable else Action.STOP


def on_refusal(status: int) -> Action:
    """Say what follows an HTTP status in place of a handshake."""
    if status in {400, 403, 414, 431}:
        return Action.STOP
    if status == 401:
        return Action.RENEW
    return Action.SLOWER if status == 429 else Action.RETRY


def retry_after(value: str | None) -> float | None:
    """Read the header `Retry-After` as seconds from now; None where it says nothing."""
    if not value:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value)
    try:
        seconds: float = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        return max(0.0, seconds)
    except (ValueError, TypeError):
        return None


class Backoff:
    """Chooses how long to stay away: any time up to a limit that doubles.

    Clients that fell together return apart. Only a connection that held for
    STABLE_SECONDS begins the doubling anew. Times are monotonic.
    """

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self.attempts = 0
        self._chance = chance
        self._connected_at: float | None = None

    def connected(self, now: float) -> None:
        """Note that the server has greeted."""
        self._connected_at = now

    def lost(self, now: float) -> None:
        """Note the end of a connection, or of an attempt at one."""
        since, self._connected_at = self._connected_at, None
        if since is not None and now - since >= STABLE_SECONDS:
            self.attempts = 0

    def seconds(
        self, *, slower: bool = False, at_once: bool = False, hint: float | None = None
    ) -> float:
        """Return the seconds to wait, and count the attempt.

        What is to be `at_once` is so the first time. A server's `hint` is never undercut,
        and exceeded by half a second at most.
        """
        if at_once and not self.attempts:
            self.attempts = 1
            return 0.0
        chance = self._chance()
        doublings = min(self.attempts + _SLOWER * slower, 10)
        limit = min(CEILING_SECONDS, BASE_SECONDS * (1 << doublings))
        self.attempts += 1
        if hint is not None:
            return hint + chance * BASE_SECONDS
        # Slower is never at once: half of it is certain.
        return limit * (0.5 + chance / 2) if slower else limit * chance
