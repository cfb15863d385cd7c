"""Computes the messages of `realtime.computed` for the users of this node.

Time changes such messages too: a notification expires without a write. The rows
are the timers: each node asks every few seconds, by the database's clock, whose message has
changed since it last asked, and computes those of its own users anew. It writes nothing, so
nodes need not agree; a node without users asks nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from realtime import computed
from realtime.computed import Lapsed
from realtime.core.frames import Frame
from realtime.core.pace import Pace
from realtime.db import threads
from realtime.hub.socket import Socket
from realtime.hub.writes import Spawn
from realtime.protocol import codec

logger = logging.getLogger(__name__)

MAX_WAIT_SECONDS = 0.5  # to gather users in a storm
RETRY_SECONDS = 1.0
LOOK_SECONDS = 2.0
# A first look reaches back further than this; one that comes later may have missed something.
FIRST_LOOK_SECONDS = 30.0


class Computing:
    """Computes the messages of users and sends them, all users in one query for each kind.

    A change goes to all sockets of its user; a socket that has just logged in gets the messages
    alone. `run` finds the users whose messages time has changed, and has them computed anew.
    """

    def __init__(self, users: Mapping[int, Collection[Socket]], spawn: Spawn) -> None:
        self._users = users
        self._spawn = spawn
        self._waiting: set[int] = set()
        self._newcomers: dict[int, dict[Socket, None]] = {}
        self._pace = Pace(MAX_WAIT_SECONDS)
        self._task: asyncio.Task[None] | None = None
        self._places: dict[str, Any] = {}
        self._alone_at = time.monotonic()  # when the node last had no users

    def compute(self, user_ids: Iterable[int]) -> None:
        """Compute the messages of these users soon, for all their sockets."""
        self._waiting.update(user_ids)
        self._begin()

    def greet(self, user_id: int, socket: Socket) -> None:
        """Compute the messages of a user soon, for a socket that has just logged in."""
        self._newcomers.setdefault(user_id, {})[socket] = None
        self._begin()

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = self._spawn(self._compute())

    async def _compute(self) -> None:
        while self._waiting or self._newcomers:
            await asyncio.sleep(self._pace.wait(time.monotonic()))
            changed, self._waiting = self._waiting, set()
            newcomers, self._newcomers = self._newcomers, {}
            users = [pk for pk in changed | newcomers.keys() if pk in self._users]
            self._pace.began(time.monotonic(), len(users))
            for kind in computed.messages():
                try:
                    found = await threads.run(kind.load, users) if users else {}
                except Exception as error:  # a database that is away comes back
                    logger.warning("%s not computed: %r", kind.name, error)
                    self._waiting |= changed
                    for user_id, sockets in newcomers.items():
                        self._newcomers.setdefault(user_id, {}).update(sockets)
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                for user_id, payload in found.items():
                    frame = Frame(codec.encode(payload), payload.wire_type)
                    all_of_them = self._users.get(user_id, ())
                    for socket in all_of_them if user_id in changed else newcomers[user_id]:
                        if socket in all_of_them:  # else it has left meanwhile
                            socket.put_newest(kind.name, frame)

    # -- what time changes

    async def run(self) -> None:
        """Look for as long as the node lives."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look once. A failure is made good by the next look, from the same place.

        Where no look has succeeded yet since users came, and that is long ago, the first one
        that does computes the messages of all users anew.
        """
        if not self._users:
            self._alone_at = time.monotonic()
            self._places.clear()  # a user who comes is sent the messages at the login
            return
        for kind in computed.messages():
            if kind.lapsed is None:
                continue
            try:
                await self._look_at(kind.name, kind.lapsed)
            except Exception as error:  # a database that is away comes back
                logger.warning("%s: what time has changed could not be read: %r", kind.name, error)

    async def _look_at(self, name: str, lapsed: Lapsed) -> None:
        is_first = name not in self._places
        found = True
        while found:
            users, self._places[name] = await threads.run(lapsed, self._places.get(name))
            self.compute(user_id for user_id in users if user_id in self._users)
            found = bool(users)
        if is_first and time.monotonic() - self._alone_at > FIRST_LOOK_SECONDS:
            self.compute(list(self._users))
