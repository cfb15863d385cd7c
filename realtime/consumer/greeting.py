"""The first words to a client that has logged in: where it stands, and what it may do."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.conf import settings

from realtime.core.continuity import StreamPosition
from realtime.core.notes import Note
from realtime.core.resume import (
    StartPosition,
    Wish,
    join_epochs,
    parse_since,
    parse_types,
    split_epochs,
)
from realtime.core.state import ConnectionState
from realtime.hub.hub import Hub
from realtime.hub.login_data import LoginData
from realtime.hub.resets import resync
from realtime.hub.socket import Socket
from realtime.meters import meters
from realtime.protocol import PROTOCOL_VERSION, codec
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.connection import ConnectionEstablished
from realtime.streams import streams_of


def understand(socket: Socket, user_id: int) -> Wish | None:
    """Read what the handshake asks for, and set the subscription.

    None when `since` or `types` cannot be understood: the socket is closed, since to
    begin somewhere else in silence could lose events.
    """
    streams = streams_of(user_id)
    query, socket.query = socket.query or {}, None
    try:
        since = parse_since(query.get("since", ""), streams[0], streams)
        socket.connection.subscriptions = parse_types(query.get("types", ""))
    except ValueError as error:
        socket.fail(ErrorCode.INVALID_MESSAGE, f"{error}.")
        socket.close(CloseCode.PROTOCOL)
        return None
    return Wish(since, split_epochs(query.get("epoch", ""), streams))


def greet(hub: Hub, socket: Socket, wish: Wish, found: LoginData, expires_at: float) -> None:
    """Set where the socket starts in each stream, and say so."""
    connection = socket.connection
    assert connection.user_id is not None
    streams = streams_of(connection.user_id)
    starts = {name: found.start(name, wish) for name in streams}
    own = starts[streams[0]]
    if own.resync is None and own.offset == found.heads[streams[0]].head:
        connection.began = own.offset
    for name, start in starts.items():
        connection.places[name] = StreamPosition(found.heads[name].epoch, start.offset)
        _note(connection, name, start, found.heads[name].head)
        if found.asked(name, wish)[1] is not None and (
            name in wish.since or name not in found.begun
        ):
            behind = "replayed" if start.offset < found.heads[name].head else "live"
            meters.resumes[start.resync or behind] += 1
        if connection.device and name in found.quiet:
            life, acked = found.cursors[name]
            hub.acks.move(socket, name, acked, life)  # it is in use, and not to be forgotten
    socket.reply(
        ConnectionEstablished(
            user_id=str(connection.user_id),
            connection_id=connection.id,
            protocol_version=PROTOCOL_VERSION,
            server_version=settings.VERSION,
            heartbeat_seconds=hub.options.heartbeat_seconds,
            expires_at=codec.timestamp(datetime.fromtimestamp(expires_at, UTC)),
            limits=hub.options.limits,
            positions=connection.positions(),
            epoch=join_epochs([found.heads[name].epoch for name in streams]),
            device=connection.device or None,
        )
    )
    for name, start in starts.items():
        if start.resync is not None:
            _, asked = found.asked(name, wish)  # it may still send acks of up to there
            resync(socket, name, connection.places[name], start.resync, asked or 0)


def _note(connection: ConnectionState, name: str, start: StartPosition, head: int) -> None:
    """Note what a socket begins with, if that is more than the head and everything."""
    now = time.monotonic()
    if start.resync is None and start.offset < head:
        replayed = Note(kind="replayed", stream=name, before=start.offset, to=head)
        connection.note((now, replayed))
    if types := connection.subscriptions:
        only = Note(kind="filter", stream=name, before=start.offset, types=tuple(sorted(types)))
        connection.note((now, only))
