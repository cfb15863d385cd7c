"""The room in which staff see how the sources of prices are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db import Error as DatabaseError

from hoardrun.market.engine import threads
from hoardrun.market.engine.overview import feed_list
from realtime.publish import Ephemeral
from realtime.rest.permissions import staff_may
from realtime.rooms import RoomKind

ROOM = TOPIC = "market_feeds"
RIGHT = "market.view_source"
SECONDS = 2.0  # between two looks, while somebody is in the room

logger = logging.getLogger(__name__)


class FeedsRoom(RoomKind):
    """`market_feeds`, for staff with `market.view_source`."""

    name = "market_feeds"
    topic = TOPIC
    description = "How the sources of prices are, every two seconds; for staff"

    def matches(self, room: str) -> bool:
        return room == ROOM

    def may_join(self, user_id: int, room: str) -> bool:
        user: Any = get_user_model()._default_manager.filter(pk=user_id).first()
        return user is not None and staff_may(user, RIGHT)

    def rooms(self, user_id: int) -> Iterable[tuple[str, str]]:
        if self.may_join(user_id, ROOM):
            yield ROOM, self.description

    def snapshot(self, room: str) -> Sequence[Ephemeral]:
        return [Ephemeral((ROOM,), feed.name, feed) for feed in feed_list()]

    def source(self, room: str) -> AsyncGenerator[Sequence[Ephemeral], None]:
        return self._changes()

    async def _changes(self) -> AsyncGenerator[Sequence[Ephemeral], None]:
        while True:
            await asyncio.sleep(SECONDS)
            try:
                found = await threads.run(self.snapshot, ROOM)
            except DatabaseError as error:
                logger.warning("market: sources not read: %s", error)
                continue
            yield found
