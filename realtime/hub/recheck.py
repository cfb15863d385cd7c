"""Looks again at whoever is connected: when their rights have changed, and now and then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from realtime.access import validity
from realtime.db import threads
from realtime.hub.socket import Socket
from realtime.log import StoredEvent
from realtime.protocol.codes import CloseCode
from realtime.protocol.messages import AccessChanged, RoomLeft

if TYPE_CHECKING:
    from realtime.hub.hub import Hub

logger = logging.getLogger(__name__)

CHUNK = 500  # users looked at together
RETRY_SECONDS = 1.0


class _Event(msgspec.Struct):
    data: AccessChanged


_decoder = msgspec.json.Decoder(_Event)


class AccessRecheck:
    """The standing of this node's users."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._due: set[int] = set()
        self._rechecking: asyncio.Task[None] | None = None

    def receive(self, user_id: int, entry: StoredEvent) -> None:
        """Take an event of a user's stream that may be about rights."""
        if entry.type != AccessChanged.wire_type:
            return
        try:
            change = _decoder.decode(entry.payload).data
        except msgspec.DecodeError:  # a newer node's: whatever it means, the database knows
            self.recheck_soon([user_id])
            return
        if change.change == "closed":
            for socket in self._hub.streams.sockets(entry.stream):  # also who is logging in
                if change.connection_id in (None, socket.connection.id):
                    self._send_away(socket, change.reconnect)
        else:
            self.recheck_soon([user_id])

    def _send_away(self, socket: Socket, reconnect: bool) -> None:
        if reconnect:
            self._hub.send_away(socket)
        else:
            self._close(socket, CloseCode.REVOKED)

    def recheck_soon(self, user_ids: Iterable[int]) -> None:
        """Look at these users as soon as possible, all of them together."""
        self._due.update(user_ids)
        if self._rechecking is None or self._rechecking.done():
            self._rechecking = asyncio.ensure_future(self._recheck_due())
            self._hub.spawn(self._rechecking)

    async def _recheck_due(self) -> None:
        while self._due:
            users, self._due = self._due, set()
            try:
                await self.recheck(users)
            except Exception as error:  # a database that is away comes back
                logger.warning("rights could not be looked at: %r", error)
                self._due |= users
                await asyncio.sleep(RETRY_SECONDS)

    async def recheck(self, user_ids: Iterable[int]) -> None:
        """Close the sockets of those who may be here no longer, and end lost memberships."""
        sockets = [s for pk in user_ids for s in self._hub.users.get(pk, ())]
        identities = {s: s.connection.identity for s in sockets}
        found = await threads.run(validity.load, [i for i in identities.values() if i is not None])
        for socket, identity in identities.items():
            if identity is None:
                continue
            if socket.connection.identity is not identity:
                # Renewed meanwhile, and that may have looked before what this look is about.
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
                self._hub.rooms.leave(socket, room)
                socket.reply(RoomLeft(room=room, reason="revoked"), room=room)

    def _close(self, socket: Socket, code: CloseCode) -> None:
        logger.info(
            "connection %s: closed with %d, rights have changed", socket.connection.id, code
        )
        socket.close(code, at_once=True)

    async def run(self) -> None:
        """Look at everybody, a part at a time, for as long as the node lives."""
        while True:
            users = list(self._hub.users)
            parts = [users[start : start + CHUNK] for start in range(0, len(users), CHUNK)]
            for part in parts:
                try:
                    await self.recheck(part)
                except Exception as error:  # a database that is away comes back
                    logger.warning("rights could not be looked at: %r", error)
                await asyncio.sleep(self._hub.options.recheck_seconds / len(parts))
            if not parts:
                await asyncio.sleep(self._hub.options.recheck_seconds)
