"""The end of a login, which is told before it comes, and the greatest age of a socket.

The clock is the wheel of the hub: no socket has a timer of its own.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from functools import partial

from realtime.core.identity import Identity
from realtime.hub.hub import Hub
from realtime.hub.socket import Socket
from realtime.protocol import codec
from realtime.protocol.connection import TokenExpiring

WARN_SECONDS = 60.0  # before the login ends
# A rotated socket goes at a random time in this last part of its greatest age.
ROTATION_SPREAD = 0.25


def expire_at(hub: Hub, socket: Socket, identity: Identity) -> None:
    """Warn before the login ends, and close when it does."""
    if socket.expiry is not None:
        socket.expiry.cancel()
    at = time.monotonic() + identity.expires_at - time.time()
    socket.expiry = hub.wheel.at(at - WARN_SECONDS, _Warning(hub, socket, identity))


class _Warning:
    """Warn of the end of a login, and have it end. Each socket has one, so it is small."""

    __slots__ = ("_hub", "_identity", "_socket")

    def __init__(self, hub: Hub, socket: Socket, identity: Identity) -> None:
        self._hub, self._socket, self._identity = hub, socket, identity

    def __call__(self) -> None:
        _warn(self._hub, self._socket, self._identity)


def _warn(hub: Hub, socket: Socket, identity: Identity) -> None:
    assert socket.expiry is not None
    at = socket.expiry.at + WARN_SECONDS
    if time.monotonic() >= at:  # the node slept meanwhile
        socket.expire()
        return
    socket.expiry = hub.wheel.at(at, socket.expire)
    socket.reply(
        TokenExpiring(
            expires_at=moment(identity),
            seconds=max(0, round(identity.expires_at - time.time())),
        )
    )


def rotate(hub: Hub, socket: Socket) -> None:
    """Send a socket away once it is old, so that nodes even out and a restart finds few."""
    seconds = hub.options.max_lifetime_seconds
    if seconds:
        age = seconds * (1 - ROTATION_SPREAD * random.random())
        socket.lifetime = hub.wheel.at(
            time.monotonic() + age, partial(hub.sockets.send_away, socket)
        )


def moment(identity: Identity) -> str:
    """Return the time of the wire at which a login ends."""
    return codec.timestamp(datetime.fromtimestamp(identity.expires_at, UTC))
