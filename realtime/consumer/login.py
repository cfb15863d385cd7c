"""The login of a socket, and its renewal.

The gate or a command brings an identity; the database decides whether it still counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from realtime import log_context
from realtime.access import tokens
from realtime.access.tickets import Attempt
from realtime.consumer import expiry
from realtime.consumer.greeting import greet, understand
from realtime.core.identity import Identity
from realtime.core.resume import Wish
from realtime.hub.hub import Hub
from realtime.hub.login_data import Login, LoginData, LoginKey
from realtime.hub.socket import Socket
from realtime.protocol.answers import Authenticated
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.streams import streams_of, user_stream

logger = logging.getLogger(__name__)

R = TypeVar("R")

LOOK_SECONDS = 0.25  # until a login asks the kernel again whether its client has left


async def authenticate(hub: Hub, socket: Socket, token: str, request_id: str | None) -> None:
    """Log in with a token that came as a message, or renew the login.

    From an address that has offered too many bad ones no other is checked, except to renew.
    """
    user_id = socket.connection.user_id
    if user_id is None and not hub.refusals.has(socket.peer.network, time.monotonic()):
        socket.close(CloseCode.RATE_LIMITED)
        return
    if user_id is None and hub.draining:
        hub.sockets.send_away(socket)  # with a hint when to come back
        return
    patience = None if user_id is None else hub.options.login_patience_seconds
    # On a node that is full, this socket has its place already.
    async with hub.door.turn(patience) as has_turn:
        if has_turn:
            if socket.is_open and socket.close_code is None:
                await _authenticate(hub, socket, token, request_id)
        elif user_id is None:
            hub.sockets.send_away(socket)
        else:
            _unchecked(socket, request_id)


async def _authenticate(hub: Hub, socket: Socket, token: str, request_id: str | None) -> None:
    user_id = socket.connection.user_id
    if user_id is None and not hub.refusals.has(socket.peer.network, time.monotonic()):
        socket.close(CloseCode.RATE_LIMITED)  # others from there had their turns before this one
        return
    identity = tokens.verify(token)
    if user_id is None:
        if identity is None:
            _refuse(hub, socket)
        else:
            try:
                await log_in(hub, socket, identity, request_id)
            except Exception:  # half a login has a user, and no end
                _unchecked(socket, request_id)
                socket.close(CloseCode.TIMEOUT)
                raise
    elif identity is None:
        _invalid(socket, request_id)
    elif identity.user_id != user_id:
        socket.close(CloseCode.REVOKED)
    else:
        await _renew(hub, socket, identity, request_id)


async def redeem(hub: Hub, socket: Socket, ticket: str) -> None:
    """Log in with the hash of a ticket that was not redeemed before."""

    async def ask() -> tuple[Identity | None]:
        return (await hub.tickets.load(Attempt(ticket, socket.connection.id)),)

    found = await _patiently(hub, socket, ask)
    if found is None:
        _unchecked(socket, None)
        socket.close(CloseCode.TIMEOUT)
    elif found[0] is None:
        _refuse(hub, socket)
    elif socket.is_open:
        await log_in(hub, socket, found[0])


async def log_in(
    hub: Hub, socket: Socket, identity: Identity, request_id: str | None = None
) -> None:
    """Join the user's streams first, read where they stand next, then greet and replay.

    The first position of a new device is stored before it is told: cut at once, it resumes there.
    """
    if not socket.is_open:
        return  # it left during the handshake; kept now, it would stay for ever
    connection = socket.connection
    if socket.expiry is not None:
        socket.expiry.cancel()
    if not hub.logins.take(identity.user_id, time.monotonic()):
        socket.fail(ErrorCode.RATE_LIMITED, "Too many logins of this user.", request_id)
        socket.close(CloseCode.RATE_LIMITED)
        return
    user_id = identity.user_id
    wish = understand(socket, user_id)
    if wish is None:
        return
    connection.user_id, connection.identity = user_id, identity
    streams = [hub.streams.add(name, socket) for name in streams_of(user_id)]
    await hub.receiver.settled()
    begun = time.monotonic()
    # The door has looked.
    if begun - socket.opened_at >= LOOK_SECONDS and _has_left(socket):
        return
    found = await _session(hub, socket, identity, wish)
    hub.cycle.fan_out_now()  # events of this turn may close this socket
    if not socket.is_open:
        return  # it left meanwhile, and the hub has forgotten it
    if time.monotonic() - begun >= LOOK_SECONDS and _has_left(socket):
        return
    if socket.close_code is not None:
        return  # it is being closed: no other socket of the user gives way to it
    if found is None:
        _unchecked(socket, request_id)
        socket.close(CloseCode.TIMEOUT)
        return
    refusal = found.standing.close_code(identity)
    if refusal is not None:
        socket.close(refusal)
        return
    for name, head in found.heads.items():
        hub.streams.learn(name, head)
    if request_id is not None:
        socket.reply(_authenticated(identity), request_id)
    greet(hub, socket, wish, found, identity.expires_at)
    hub.sockets.attach(socket)
    expiry.expire_at(hub, socket, identity)
    expiry.rotate(hub, socket)
    named = {"connection_id": connection.id, "user": user_id, "device": connection.device}
    log_context.tell(logger, "opened %s user=%s", (connection.id, user_id), named)
    for followed in streams:
        hub.streams.begin(socket, followed)
    _look_again(hub, user_id, found)
    hub.computing.greet(user_id, socket)


async def _renew(hub: Hub, socket: Socket, identity: Identity, request_id: str | None) -> None:
    """Go on with a newer token of the same user, if it still counts."""
    found = await _session(hub, socket, identity)
    if found is None:
        _unchecked(socket, request_id)
    elif found.standing.close_code(identity) is not None:
        _invalid(socket, request_id)
    elif socket.close_code is None:
        socket.connection.identity = identity
        expiry.expire_at(hub, socket, identity)
        _look_again(hub, identity.user_id, found)
        socket.reply(_authenticated(identity), request_id)


def _look_again(hub: Hub, user_id: int, found: LoginData) -> None:
    """Have the login rechecked if the node has received events that its data does not know.

    The end of this very login may be among them.
    """
    name = user_stream(user_id)
    followed, head = hub.streams.followed.get(name), found.heads[name]
    if followed is not None and (
        followed.place.epoch != head.epoch or followed.place.offset > head.head
    ):
        hub.recheck.recheck_soon([user_id])


async def _session(
    hub: Hub, socket: Socket, identity: Identity, wish: Wish | None = None
) -> LoginData | None:
    """Read what the login needs; with a wish, store where a new device begins."""
    # The last connection of this device has just acked, or does so while this one waits. Read
    # without that, it would begin elsewhere than it was told, or at the head as if it were new.
    asking = Login(identity, socket.connection.device, wish, socket.connection.device_class)

    async def ask() -> LoginData:
        await _stored(hub, asking.key)
        found = await hub.login_data.load(asking)
        if await _stored(hub, asking.key):
            found = await hub.login_data.load(asking)
        return found

    return await _patiently(hub, socket, ask)


async def _stored(hub: Hub, key: LoginKey) -> bool:
    """Have stored what a device has acknowledged; say whether there was anything.

    Raises RuntimeError if that is not possible now.
    """
    held = bool(key.device) and hub.acks.holds(key.user_id, key.device)
    if held and not await hub.acks.flush():
        raise RuntimeError("what this device has acknowledged is not stored")
    return held


async def _patiently(hub: Hub, socket: Socket, ask: Callable[[], Awaitable[R]]) -> R | None:
    """Wait for a database that is away or hangs; return None after `login_patience_seconds`.

    A client that is closed comes back at once, and a storm of those would keep the database down.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(hub.options.login_patience_seconds):
            while True:
                try:
                    return await ask()
                except Exception as error:
                    logger.warning("connection %s: no login yet: %r", socket.connection.id, error)
                if not socket.is_open or _has_left(socket):
                    break
                await asyncio.sleep(random.uniform(0.2, 1.0))
    return None


def _has_left(socket: Socket) -> bool:
    """Return True, and drop the connection, if the client has left: the next step is in vain."""
    if socket.writer.has_left:
        socket.writer.abort()
        return True
    return False


def _refuse(hub: Hub, socket: Socket) -> None:
    """Close because of a bad credential, and let its address have fewer of them."""
    hub.refusals.take(socket.peer.network, time.monotonic())
    socket.close(CloseCode.UNAUTHORIZED)


def _unchecked(socket: Socket, request_id: str | None) -> None:
    socket.fail(ErrorCode.INTERNAL, "The login could not be checked; try again.", request_id)


def _invalid(socket: Socket, request_id: str | None) -> None:
    socket.fail(ErrorCode.INVALID_TOKEN, "The token is invalid or expired.", request_id)


def _authenticated(identity: Identity) -> Authenticated:
    return Authenticated(user_id=str(identity.user_id), expires_at=expiry.moment(identity))
