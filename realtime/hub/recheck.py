"""Checks again whether connected users may stay: when their rights have changed, and regularly.

A change of rights is an event of the user's stream; the regular check finds changes that no
event tells of, within `recheck_seconds`, also for a user who has just come.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import cycle, islice

import msgspec

from realtime.access import validity
from realtime.db import threads
from realtime.hub.rooms import JoinedRooms
from realtime.hub.socket import Socket
from realtime.hub.sockets import Sockets
from realtime.hub.streams import FollowedStreams
from realtime.hub.writes import Spawn
from realtime.log import StoredEvent
from realtime.protocol.answers import RoomLeft
from realtime.protocol.codes import CloseCode
from realtime.protocol.published import AccessChanged

logger = logging.getLogger(__name__)

CHUNK = 500  # users checked together
PART = 100  # users of the regular check in one query: so few are found by their keys
TURNS = 60  # of the regular check; the id of a user says in which one
RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 30.0  # between two checks of a user whose checks fail one after the other
WARN_SECONDS = 60.0  # between two lines of the log about checks that fail


class _Event(msgspec.Struct):
    data: AccessChanged


_decoder = msgspec.json.Decoder(_Event)


class AccessRecheck:
    """Closes sockets whose login no longer counts, and ends memberships of rooms that are lost."""

    def __init__(
        self,
        sockets: Sockets,
        streams: FollowedStreams,
        rooms: JoinedRooms,
        spawn: Spawn,
        recheck_seconds: float,
    ) -> None:
        self._sockets = sockets
        self._streams = streams
        self._rooms = rooms
        self._spawn = spawn
        self._seconds = recheck_seconds
        self._due: dict[int, None] = {}  # in this order
        self._rechecking: asyncio.Task[None] | None = None
        self._warn_from = 0.0  # by the clock of the loop
        # Users whose check has failed alone: how often, and from when it is tried again.
        self._failed: dict[int, tuple[int, float]] = {}

    def receive(self, user_id: int, event: StoredEvent) -> None:
        """Take an event of a user's stream that may be about rights."""
        if event.type != AccessChanged.wire_type:
            return
        change: AccessChanged | None = None
        with suppress(msgspec.DecodeError):  # a newer node's: the database knows what it means
            change = _decoder.decode(event.payload).data
        if change is None or change.change != "closed":
            self.recheck_soon([user_id])
            return
        for socket in self._streams.sockets(event.stream):  # also those that are logging in
            if change.connection_id not in (None, socket.connection.id):
                continue
            if change.reconnect:
                self._sockets.send_away(socket)
            else:
                self._close(socket, CloseCode.REVOKED)

    def recheck_soon(self, user_ids: Iterable[int]) -> None:
        """Check these users as soon as possible, all of them together."""
        self._due.update(dict.fromkeys(user_ids))
        if self._rechecking is None or self._rechecking.done():
            self._rechecking = self._spawn(self._recheck_due())

    async def _recheck_due(self) -> None:
        """Check those who are due; where a check fails, fewer at a time, behind all others.

        So a user whose check always fails delays others by some seconds only. One whose check
        fails alone waits for `_retry`, each time longer.
        """
        count = CHUNK  # a query names each of them
        while self._due:
            users = list(islice(self._due, count))
            for user_id in users:
                del self._due[user_id]
            if await self._try(users):
                count = CHUNK
                continue
            if len(users) == 1:
                self._wait_longer(users[0])
            else:
                self._due.update(dict.fromkeys(users))
            count = max(1, len(users) // 2)
            await asyncio.sleep(RETRY_SECONDS)

    def _wait_longer(self, user_id: int) -> None:
        times, _ = self._failed.get(user_id, (0, 0.0))
        pause = min(RETRY_SECONDS * 2**times, LONGEST_RETRY_SECONDS)
        self._failed[user_id] = min(times + 1, 10), asyncio.get_running_loop().time() + pause

    def _retry(self, now: float) -> None:
        """Check again those whose pause is over, and forget those who have gone."""
        for user_id in self._failed.keys() - self._sockets.users.keys():
            del self._failed[user_id]
        if over := [pk for pk, (_, begins) in self._failed.items() if begins <= now]:
            self.recheck_soon(over)

    async def run(self) -> None:
        """Check all users, a part at a time, for as long as the node lives.

        A socket that comes just after a turn has begun is checked by the end of the same turn of
        the next round, so TURNS and one more fit into `recheck_seconds`.
        """
        loop = asyncio.get_running_loop()
        seconds, ends = self._seconds / (TURNS + 1), loop.time()
        for turn in cycle(range(TURNS)):
            begins = max(ends, loop.time())
            self._retry(begins)
            ends = begins + seconds
            users = [pk for pk in self._sockets.users if pk % TURNS == turn]
            parts = [users[start : start + PART] for start in range(0, len(users), PART)]
            for number, part in enumerate(parts, 1):
                if not await self._try(part):
                    self.recheck_soon(part)
                await asyncio.sleep(begins + seconds * number / len(parts) - loop.time())
            await asyncio.sleep(ends - loop.time())

    async def _try(self, user_ids: Sequence[int]) -> bool:
        """Check some users; a failure is a warning, unless it is that of a user known for it."""
        try:
            await self.recheck(user_ids)
        except Exception as error:  # a database that is away comes back
            now = asyncio.get_running_loop().time()
            is_news = now >= self._warn_from and self._failed.keys().isdisjoint(user_ids)
            level = logging.WARNING if is_news else logging.DEBUG
            logger.log(level, "rights could not be checked: %r", error)
            if level == logging.WARNING:
                self._warn_from = now + WARN_SECONDS
            return False
        for user_id in self._failed.keys() & set(user_ids):
            del self._failed[user_id]
        return True

    async def recheck(self, user_ids: Iterable[int]) -> None:
        """Close the sockets of users who may not stay, and end lost memberships."""
        sockets = [s for pk in user_ids for s in self._sockets.users.get(pk, ())]
        identities = {s: s.connection.identity for s in sockets}
        found = await threads.run(validity.load, [i for i in identities.values() if i is not None])
        for socket, identity in identities.items():
            if identity is None:
                continue
            if socket.connection.identity is not identity:
                # Renewed meanwhile, and that may have read before what this check is about.
                self.recheck_soon([identity.user_id])
            else:
                code = found[identity.user_id, identity.session].close_code(identity)
                if code is not None:
                    self._close(socket, code)
        await self._recheck_rooms([s for s in sockets if s.close_code is None])

    async def _recheck_rooms(self, sockets: Iterable[Socket]) -> None:
        joined = [(s, room) for s in sockets for room in s.connection.rooms]
        asked = {(s.connection.user_id or 0, room) for s, room in joined}
        lost = await threads.run(validity.lost_rooms, sorted(asked)) if asked else set()
        for socket, room in joined:
            if (socket.connection.user_id, room) in lost and room in socket.connection.rooms:
                self._rooms.leave(socket, room)
                socket.reply(RoomLeft(room=room, reason="revoked"), room=room)

    def _close(self, socket: Socket, code: CloseCode) -> None:
        key = socket.connection.id
        named = {"connection_id": key, "code": int(code)}
        logger.info("connection %s: closed with %d, rights have changed", key, code, extra=named)
        socket.close(code, at_once=True)
