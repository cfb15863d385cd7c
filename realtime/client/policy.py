"""Decide if and when a client reconnects, by the close code or the refusal. Pure."""

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
STABLE_SECONDS = 10.0  # shorter connections do not reset the backoff
MAX_REFUSALS = 3  # tokens in a row that the server refused
RETRY_SECONDS = 1.0  # between two tries on an open socket
_SLOWER = 4  # counts as four attempts: sixteen times as long


class Action(Enum):
    """The action after a connection has ended."""

    RETRY = "come back, and resume"
    SLOWER = "back off for longer, then come back"
    RENEW = "get a new token, then come back"
    STOP = "stay away"


@dataclass(frozen=True, slots=True)
class Lost:
    """The end of a connection, or of an attempt at one: `code` is None without a socket."""

    action: Action
    reason: str
    code: int | None = None
    hint: float | None = None  # seconds, from the server
    at_once: bool = False


def on_close(code: int) -> Action:
    """Return the action for a close code; unknown codes count as a broken connection."""
    known = next((each for each in CloseCode if each == code), None)
    if known is None:
        return Action.RETRY
    if known is CloseCode.UNAUTHORIZED:
        return Action.RENEW
    if known is CloseCode.RATE_LIMITED:
        return Action.SLOWER
    return Action.RETRY if known.retryable else Action.STOP


def on_refusal(status: int) -> Action:
    """Return the action for a handshake refused with an HTTP status."""
    if status in {400, 403, 414, 431}:
        return Action.STOP
    if status == 401:
        return Action.RENEW
    return Action.SLOWER if status == 429 else Action.RETRY


def retry_after(value: str | None) -> float | None:
    """Parse `Retry-After` into seconds from now; None if absent or unreadable."""
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
    """Chooses the delay before a reconnect: random, up to a limit that doubles.

    So clients that were cut off together return apart. Only a connection of STABLE_SECONDS
    resets the doubling. Times are monotonic.
    """

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self.attempts = 0
        self._chance = chance
        self._connected_at: float | None = None

    def connected(self, now: float) -> None:
        """Record a greeting."""
        self._connected_at = now

    def lost(self, now: float) -> None:
        """Record the end of a connection or of an attempt."""
        since, self._connected_at = self._connected_at, None
        if since is not None and now - since >= STABLE_SECONDS:
            self.attempts = 0

    def seconds(self, lost: Lost) -> float:
        """Return the seconds to wait after such an end, and count the attempt.

        `at_once` gives 0 for a first attempt. The delay is never below the server's `hint`, and
        exceeds it by at most BASE_SECONDS.
        """
        if lost.at_once and not self.attempts:
            self.attempts = 1
            return 0.0
        chance, slower = self._chance(), lost.action is Action.SLOWER
        doublings = min(self.attempts + _SLOWER * slower, 10)
        limit = min(CEILING_SECONDS, BASE_SECONDS * (1 << doublings))
        self.attempts += 1
        if lost.hint is not None:
            return lost.hint + chance * BASE_SECONDS
        # A slower retry waits at least half of the limit.
        return limit * (0.5 + chance / 2) if slower else limit * chance
