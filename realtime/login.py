"""Who a socket speaks for: the login, its renewal, and its end."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from datetime import UTC, datetime

from realtime import names, tokens
from realtime.greeting import greet
from realtime.hub import Hub
from realtime.protocol import codec
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.messages import Authenticated
from realtime.session import Session
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
    """Join the user's streams first, read where they stand next, then greet and replay."""
    connection = socket.connection
    if socket.login_deadline is not None:
        socket.login_deadline.cancel()
        socket.login_deadline = None
    user_id = connection.user_id = identity.user_id
    streams = [hub.following.add(name, socket) for name in names.streams_of(user_id)]
    hub.follow_streams([followed.name for followed in streams])
    await hub.link.settled()
    found = await _session(hub, socket)
    if not socket.is_open:
        return  # it left meanwhile, and the hub has forgotten it
    if found is None:
        text = "The login could not be checked; try again."
        socket.fail(ErrorCode.INTERNAL, text, request_id)
        socket.close(CloseCode.TIMEOUT)
        return
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


async def _session(hub: Hub, socket: Socket) -> Session | None:
    """Read what the login needs; wait for a database that is away, None if for too long.

    Who is sent away comes back, and a storm of those would keep the database down.
    """
    connection = socket.connection
    assert connection.user_id is not None
    give_up_at = time.monotonic() + hub.options.login_patience_seconds
    while True:
        try:
            if connection.device and hub.acks.holds(connection.user_id, connection.device):
                await hub.acks.flush()  # the last connection of this device has just acked
            return await hub.sessions.ask((connection.user_id, connection.device))
        except Exception as error:
            logger.warning("connection %s: no login yet: %r", connection.id, error)
        if not socket.is_open or time.monotonic() > give_up_at:
            return None
        await asyncio.sleep(random.uniform(0.2, 1.0))


def _expire_at(hub: Hub, socket: Socket, identity: Identity) -> None:
    if socket.expiry is not None:
        socket.expiry.cancel()
    socket.expiry = hub.wheel.at(
        time.monotonic() + identity.expires_at - time.time(), socket.expire
    )


def _authenticated(identity: Identity) -> Authenticated:
    moment = datetime.fromtimestamp(identity.expires_at, UTC)
    return Authenticated(user_id=str(identity.user_id), expires_at=codec.timestamp(moment))
