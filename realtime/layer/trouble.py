"""The faults of the channel layer that this process sees; each change is logged.

A layer that is away is degraded service: committed events wait for the next reconcile, and prices
are left out. Therefore one line is logged when trouble begins and one when it is over, however much
was to be sent meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time

logger = logging.getLogger(__name__)


class Trouble:
    """The faults of now, by part: a connection to one Redis, or the messages through it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # a process may have one event loop that serves and others
        self._parts: dict[str, str] = {}
        self._since = 0.0
        self._unsent = 0

    def __bool__(self) -> bool:
        return bool(self._parts)

    @property
    def text(self) -> str:
        """The faults in words, for staff; empty while all works."""
        with self._lock:
            return "; ".join(f"{part}: {reason}" for part, reason in sorted(self._parts.items()))

    def begins(self, part: str, reason: object) -> None:
        """Note that a part does not work; only the first of them is logged."""
        with self._lock:
            is_new = not self._parts
            self._parts[part] = told(reason)
            if is_new:
                self._since, self._unsent = time.monotonic(), 0
                logger.warning(
                    "channel layer: %s: %s; until it works again, events come at the next "
                    "reconcile and prices are left out",
                    part,
                    self._parts[part],
                )

    def unsent(self, messages: int = 1) -> None:
        """Count what could not be sent."""
        with self._lock:
            self._unsent += messages

    def ends(self, part: str) -> None:
        """Note that a part works, or is given up; the last one to do so is logged."""
        with self._lock:
            if self._parts.pop(part, None) is not None and not self._parts:
                seconds = time.monotonic() - self._since
                logger.warning(
                    "channel layer: works again after %.1f s, %d messages were not sent",
                    seconds,
                    self._unsent,
                )


def told(reason: object) -> str:
    """Say why; an error's name and text, as some have only one of them."""
    if isinstance(reason, Exception):
        return f"{type(reason).__name__}: {reason}".rstrip(": .")
    return str(reason)


trouble = Trouble()
