"""Who a socket speaks for: the login, its renewal, and its end."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime

from realtime import names, tokens
from realtime.greeting import greet
from realtime.hub import Hub
from realtime.protocol import codec
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.messages import Authenticated
from realtime.socket import Socket
from realtime.tokens import Identity

logger = logging.getLogger(__name__)


async def authenticate(hub: Hub, socket: Socket, token: str, request_id: str | None) -> None:
    """Log in with a token that came as a message, or renew the login."""
    identity = tokens.verify(token)
    user_id = socket.connection.user_id
    if user_id is None:
        if identity is None:
            socket.close(CloseCode.UNAUTHORIZED)
        else:
            await log_in(hub, socket, identity, request_id)
    elif identity is None:
        socket.fail(ErrorCode.INVALID_TOKEN, "The token is invalid or expired.", request_id)
    elif identity.user_id != user_id:
        socket.close(CloseCode.REVOKED)
    else:
        _expire_at(hub, socket, identity)
        socket.reply(_authenticated(identity), request_id)


async def log_in(
    hub: Hub, socket: Socket, identity: Identity, request_id: str | None = None
) -> None:
    """Log in, or send the client away to try again if the database is not there."""
    try:
        await _log_in(hub, socket, identity, request_id)
    except Exception as error:
        logger.warning("connection %s: no login: %r", socket.connection.id, error)
        socket.fail(ErrorCode.INTERNAL, "The login could not be checked; try again.", request_id)
        socket.close(CloseCode.TIMEOUT)


async def _log_in(hub: Hub, socket: Socket, identity: Identity, request_id: str | None) -> None:
    """Join the user's streams first, read where they stand next, then greet and replay."""
    connection = socket.connection
    if socket.login_deadline is not None:
        socket.login_deadline.cancel()
        socket.login_deadline = None
    user_id = connection.user_id = identity.user_id
    streams = [hub.following.add(name, socket) for name in names.streams_of(user_id)]
    await hub.follow_groups([followed.name for followed in streams])
    if connection.device and hub.acks.holds(user_id, connection.device):
        await hub.acks.flush()  # the last connection of this device has just acked
    found = await hub.sessions.ask((user_id, connection.device))
    if not socket.is_open:
        return  # it left meanwhile, and the hub has forgotten it
    if not found.exists or not found.is_active:
        socket.close(CloseCode.REVOKED if found.exists else CloseCode.UNAUTHORIZED)
        return
    for name, head in found.heads.items():
        hub.following.learn(name, head)
    if request_id is not None:
        socket.reply(_authenticated(identity), request_id)
    if not greet(hub, socket, found, identity.expires_at):
        return
    hub.attach(socket)
    _expire_at(hub, socket, identity)
    logger.info("opened %s user=%s", connection.id, user_id)
    for followed in streams:
        hub.following.begin(socket, followed)
    hub.derive([user_id])


def _expire_at(hub: Hub, socket: Socket, identity: Identity) -> None:
    if socket.expiry is not None:
        socket.expiry.cancel()
    socket.expiry = hub.wheel.at(
        time.monotonic() + identity.expires_at - time.time(), socket.expire
    )


def _authenticated(identity: Identity) -> Authenticated:
    moment = datetime.fromtimestamp(identity.expires_at, UTC)
    return Authenticated(user_id=str(identity.user_id), expires_at=codec.timestamp(moment))
