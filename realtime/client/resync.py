"""Holding events back while a snapshot is fetched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from realtime.client.requests import Message


@dataclass(frozen=True, slots=True)
class Resynced:
    """What `resync_required` said last, the snapshot, and the events that came meanwhile."""

    required: Message
    snapshot: dict[str, Any]
    held: list[Message]


class Resync:
    """Answers every `resync_required` with one snapshot that was taken after the last of them.

    `count` is how many there were: what came before one is acknowledged no more.
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
        """Note what the server asks for; True when `run` is to be called."""
        first = self._required is None
        self._required = data
        self.count += 1
        return first

    def hold(self, message: Message) -> None:
        """Keep a durable event until then."""
        self._held.append(message)

    async def run(self) -> Resynced:
        """Fetch, and again if another was required meanwhile; raises what the fetch does."""
        while (required := self._required) is not None:
            snapshot = await self._fetch(required["snapshot"])
            if required is self._required:
                result = Resynced(required, snapshot, self._held)
                self._required, self._held = None, []
                return result
        raise AssertionError("nothing was required")

    def abandon(self) -> None:
        """Forget it, and what was held: the next connection begins at the old positions."""
        self._required, self._held = None, []
