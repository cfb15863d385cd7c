"""Hold events back while a snapshot is fetched. `Talk` owns it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from realtime.client.requests import Message


@dataclass(frozen=True, slots=True)
class Resynced:
    """The last `resync_required`, its snapshot, and the events received meanwhile."""

    required: Message
    snapshot: dict[str, Any]
    held: list[Message]


class Resync:
    """Fetches one snapshot, taken after the last `resync_required`.

    `count` counts them: events from before one must not be acknowledged.
    """

    def __init__(self, fetch: Callable[[str], Awaitable[dict[str, Any]]]) -> None:
        self.count = 0
        self._fetch = fetch
        self._required: Message | None = None
        self._held: list[Message] = []

    @property
    def active(self) -> bool:
        return self._required is not None

    @property
    def held(self) -> int:
        return len(self._held)

    def require(self, data: Message) -> bool:
        """Record a `resync_required`; return True if the caller must call `run`."""
        first = self._required is None
        self._required = data
        self.count += 1
        return first

    def hold(self, message: Message) -> None:
        """Keep a durable event until the snapshot is there."""
        self._held.append(message)

    async def run(self) -> Resynced:
        """Fetch, and again if another was required meanwhile. Raises the errors of the fetch."""
        while (required := self._required) is not None:
            snapshot = await self._fetch(required["snapshot"])
            if required is self._required:
                result = Resynced(required, snapshot, self._held)
                self._required, self._held = None, []
                return result
        raise AssertionError("nothing was required")

    def abandon(self) -> None:
        """Drop the request and the held events: the next connection resumes before them."""
        self._required, self._held = None, []
