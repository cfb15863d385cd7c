"""The rooms that the application wants, and joining them again on a new connection.

`Talk` owns one `Rooms` for the life of the client.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from realtime.client.policy import RETRY_SECONDS
from realtime.client.requests import Message, Request, ServerError

logger = logging.getLogger("realtime.client")

MAX_ROOMS = 100  # in one message


class Rooms:
    """Wanted rooms with their rate: all that were joined and not left since."""

    def __init__(self, wanted: Mapping[str, str]) -> None:
        self.wanted = dict(wanted)

    def commands(self) -> list[Message]:
        """Return the fewest `join_room` messages that join all rooms."""
        messages: list[Message] = []
        for rate in dict.fromkeys(self.wanted.values()):
            names = [name for name, its in self.wanted.items() if its == rate]
            for start in range(0, len(names), MAX_ROOMS):
                some = names[start : start + MAX_ROOMS]
                messages.append({"type": "join_room", "rooms": some, "rate": rate})
        return messages

    async def rejoin(self, message: Message, ask: Callable[[Message], Awaitable[Request]]) -> None:
        """Send a `join_room` until each room was joined, was left, or cannot be joined."""
        while message["rooms"]:
            later: list[str] = []
            try:
                request = await ask(message)
            except TimeoutError:
                later = message["rooms"]
            else:
                for room, answer in request.of_rooms.items():
                    if isinstance(answer, ServerError):
                        logger.warning("room %s was not joined again: %s", room, answer)
                        if answer.retryable:
                            later.append(room)
                        elif answer.code == "unknown_room":
                            self.wanted.pop(room, None)
            if later:
                await asyncio.sleep(RETRY_SECONDS)
            still = [room for room in later if self.wanted.get(room) == message["rate"]]
            message = {**message, "rooms": still}
