"""The Channels consumer of `/ws/notifications`: a thin shell around `core` and the hub.

It runs its own loop rather than Channels' dispatch, which makes a thread hop for
every message, and skips its cleanup when a handler raises. The socket is accepted
before it is refused, so that a browser sees the close code.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any, assert_never
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer

from realtime import db, hub, names, session, tokens
from realtime.core.connection import Connection
from realtime.core.effects import (
    Close,
    Effect,
    Fail,
    Join,
    Leave,
    ListRooms,
    Login,
    Reply,
    SendPong,
    StoreAck,
)
from realtime.greeting import greet
from realtime.listing import list_rooms
from realtime.protocol import SUBPROTOCOL, codec
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.messages import Authenticated, Pong, RoomLeft
from realtime.servers import EXTENSION
from realtime.socket import Socket
from realtime.tokens import Identity

logger = logging.getLogger(__name__)

MAX_DEVICE_LENGTH = 64


class NotificationConsumer(AsyncConsumer):
    """One WebSocket, from the handshake to the cleanup."""

    hub: hub.Hub
    socket: Socket
    scope: Any

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection. Whatever happens, the hub forgets it at the end."""
        if (await receive())["type"] != "websocket.connect":
            return
        self.scope = scope
        self.hub = await hub.ensure()
        query = parse_qs(scope["query_string"].decode("latin-1"))
        self.query = {key: values[0] for key, values in query.items()}
        device = self.query.get("device", "")
        connection = Connection(secrets.token_hex(8), self.hub.options.limits, device[:64])
        self.socket = Socket(connection, send, self.hub.traffic, self.hub.options.max_buffer_bytes)
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None
        self.hub.sockets.add(self.socket)
        if (transport := scope.get("extensions", {}).get(EXTENSION)) is not None:
            transport.on_shutdown = partial(self.hub.send_away, self.socket)
        code = 1006
        try:
            await send({"type": "websocket.accept", "subprotocol": subprotocol})
            await self._open(device)
            code = await self._serve(receive)
        except asyncio.CancelledError:
            if self.socket.is_open:
                raise  # the server ends us; an abort of our own just ends here
        except OSError:
            pass  # the client left while it was being answered
        finally:
            self.hub.detach(self.socket)
            logger.info(
                "closed %s user=%s code=%s after %.1fs",
                connection.id,
                connection.user_id,
                int(self.socket.close_code or code),
                time.monotonic() - self.socket.opened_at,
            )

    async def _open(self, device: str) -> None:
        """Log in with what the handshake offered, or wait for `authenticate`."""
        identity: Identity | None = self.scope["identity"]
        if len(device) > MAX_DEVICE_LENGTH or not device.isprintable():
            self.socket.fail(
                ErrorCode.INVALID_MESSAGE,
                f"`device` holds at most {MAX_DEVICE_LENGTH} printable characters.",
            )
            self.socket.close(CloseCode.PROTOCOL)
        elif identity is not None:
            await self._try_log_in(identity)
        elif self.scope["credential"]:
            self.socket.close(CloseCode.UNAUTHORIZED)
        else:
            self.socket.login_deadline = self.hub.wheel.at(
                time.monotonic() + self.hub.options.authenticate_within_seconds,
                lambda: self.socket.close(CloseCode.TIMEOUT),
            )

    async def _serve(self, receive: Any) -> int:
        """Handle frames in order until the client leaves; return the close code."""
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return int(message.get("code") or 1005)
            if self.socket.close_code is not None:
                continue
            self.hub.traffic.messages_in += 1
            for effect in self.socket.connection.receive(message.get("text"), time.monotonic()):
                try:
                    await self._carry_out(effect)
                except Exception:
                    logger.exception("connection %s: %r failed", self.socket.connection.id, effect)
                    self.socket.fail(
                        ErrorCode.INTERNAL,
                        "Something went wrong here; try again.",
                        getattr(effect, "request_id", None),
                    )

    async def _carry_out(self, effect: Effect) -> None:
        socket = self.socket
        match effect:
            case Reply(payload, request_id, room):
                socket.reply(payload, request_id, room)
            case Fail(code, text, request_id):
                socket.fail(code, text, request_id)
            case SendPong(request_id):
                socket.reply(Pong(positions=self.hub.following.positions(socket)), request_id)
            case Join(room, rate, request_id):
                if not await self.hub.members.join(socket, room, rate, request_id):
                    socket.fail(
                        ErrorCode.UNKNOWN_ROOM,
                        f"There is no room {room!r} that you may join; `list_rooms` names them.",
                        request_id,
                    )
            case Leave(room, request_id):
                self.hub.members.leave(socket, room)
                socket.reply(RoomLeft(room=room), request_id, room)
            case ListRooms(request_id):
                socket.reply(await list_rooms(socket.connection), request_id)
            case StoreAck(stream, offset, request_id):
                self.hub.acks.put(socket, stream, offset, request_id)
            case Login(token, request_id):
                await self._authenticate(token, request_id)
            case Close(code):
                socket.close(code)
            case _:
                assert_never(effect)

    # -- login

    async def _authenticate(self, token: str, request_id: str | None) -> None:
        identity = tokens.verify(token)
        user_id = self.socket.connection.user_id
        if user_id is None:
            if identity is None:
                self.socket.close(CloseCode.UNAUTHORIZED)
            else:
                await self._try_log_in(identity, request_id)
        elif identity is None:
            self.socket.fail(
                ErrorCode.INVALID_TOKEN, "The token is invalid or expired.", request_id
            )
        elif identity.user_id != user_id:
            self.socket.close(CloseCode.REVOKED)
        else:
            self._expire_at(identity)
            self.socket.reply(self._authenticated(identity), request_id)

    async def _try_log_in(self, identity: Identity, request_id: str | None = None) -> None:
        """Log in, or send the client away to try again if the database is not there."""
        try:
            await self._log_in(identity, request_id)
        except Exception as error:
            logger.warning("connection %s: no login: %r", self.socket.connection.id, error)
            self.socket.fail(
                ErrorCode.INTERNAL, "The login could not be checked; try again.", request_id
            )
            self.socket.close(CloseCode.TIMEOUT)

    async def _log_in(self, identity: Identity, request_id: str | None = None) -> None:
        """Join the user's streams first, read where they stand next, then greet and replay."""
        socket, connection, node = self.socket, self.socket.connection, self.hub
        if socket.login_deadline is not None:
            socket.login_deadline.cancel()
        user_id = connection.user_id = identity.user_id
        streams = [node.following.add(name, socket) for name in names.streams_of(user_id)]
        await node.follow_groups([followed.name for followed in streams])
        if connection.device:
            await node.acks.flush()  # the last connection of this device may just have acked
        found = await db.run(
            session.load, user_id, connection.device, [followed.name for followed in streams]
        )
        if not found.exists or not found.is_active:
            socket.close(CloseCode.REVOKED if found.exists else CloseCode.UNAUTHORIZED)
            return
        for name, head in found.heads.items():
            node.following.learn(name, head)
        if request_id is not None:
            socket.reply(self._authenticated(identity), request_id)
        if not greet(node, socket, found, self.query, identity.expires_at):
            return
        node.attach(socket)
        self._expire_at(identity)
        logger.info("opened %s user=%s", connection.id, user_id)
        for followed in streams:
            socket.spawn(node.following.replay(socket, followed))
        node.derive([user_id])

    def _expire_at(self, identity: Identity) -> None:
        socket = self.socket
        if socket.expiry is not None:
            socket.expiry.cancel()
        socket.expiry = self.hub.wheel.at(
            time.monotonic() + identity.expires_at - time.time(),
            lambda: socket.close(CloseCode.UNAUTHORIZED, at_once=True),
        )

    @staticmethod
    def _authenticated(identity: Identity) -> Authenticated:
        moment = datetime.fromtimestamp(identity.expires_at, UTC)
        return Authenticated(user_id=str(identity.user_id), expires_at=codec.timestamp(moment))
