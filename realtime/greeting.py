"""The first words to a client that has logged in: where it stands, and what it may do."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings

from realtime import names
from realtime.core.continuity import Place
from realtime.core.resume import (
    Start,
    decide,
    join_epochs,
    parse_since,
    parse_types,
    split_epochs,
)
from realtime.hub import Hub
from realtime.protocol import PROTOCOL_VERSION, codec
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.messages import ConnectionEstablished
from realtime.session import Session
from realtime.socket import Socket


def greet(node: Hub, socket: Socket, found: Session, expires_at: float) -> bool:
    """Set where the socket starts in each stream, and say so.

    False when `since` or `types` cannot be understood: the socket is closed, since to
    begin somewhere else in silence could lose events.
    """
    connection = socket.connection
    assert connection.user_id is not None
    streams = names.streams_of(connection.user_id)
    query, socket.query = socket.query, {}
    try:
        since = parse_since(query.get("since", ""), streams[0], streams)
        connection.subscriptions = parse_types(query.get("types", ""))
    except ValueError as error:
        socket.fail(ErrorCode.INVALID_MESSAGE, f"{error}.")
        socket.close(CloseCode.PROTOCOL)
        return False
    epochs = split_epochs(query.get("epoch", ""), streams)
    starts: dict[str, Start] = {}
    for name in streams:
        head = found.heads[name]
        offset, epoch = since.get(name), epochs.get(name)
        if offset is None and name in found.cursors:
            epoch, offset = found.cursors[name]
        starts[name] = decide(
            since=offset,
            epoch=epoch,
            current_epoch=head.epoch,
            head=head.head,
            floor=head.floor,
        )
        connection.places[name] = Place(head.epoch, starts[name].offset)
        if connection.device and name in found.quiet:
            life, acked = found.cursors[name]
            node.acks.move(socket, name, acked, life)  # it is in use, and not to be forgotten
        elif connection.device and name not in found.cursors:
            # Told to resynchronise, it has not done so yet: a mark that no epoch equals says so.
            life = "" if starts[name].resync else head.epoch
            node.acks.move(socket, name, starts[name].offset, life)
    socket.reply(
        ConnectionEstablished(
            user_id=str(connection.user_id),
            connection_id=connection.id,
            protocol_version=PROTOCOL_VERSION,
            server_version=settings.VERSION,
            heartbeat_seconds=node.options.heartbeat_seconds,
            expires_at=codec.timestamp(datetime.fromtimestamp(expires_at, UTC)),
            limits=node.options.limits,
            positions=connection.positions(),
            epoch=join_epochs([found.heads[name].epoch for name in streams]),
            device=connection.device or None,
        )
    )
    for name, start in starts.items():
        if start.resync is not None:
            node.following.resync(socket, name, connection.places[name], start.resync)
    return True
