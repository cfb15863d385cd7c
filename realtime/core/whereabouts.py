"""Where the open sockets of a user are, as their nodes say. Pure.

`realtime.survey` asks the nodes, `realtime.hub.whereabouts` answers. Ages are in seconds, as the
clocks of nodes differ.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from realtime.core.notes import Note


class StreamNow(Struct, frozen=True, kw_only=True):
    """A socket in one of its streams, and where its node stands there.

    The socket was written everything up to `offset` that its subscription lets through. While
    `is_live`, the node writes to it at once; else it reads the log.
    """

    name: str
    epoch: str
    offset: int
    node_epoch: str
    node_offset: int
    acked: int | None  # on this socket
    is_live: bool


class SocketNow(Struct, frozen=True, kw_only=True):
    """One open socket. `types` is its subscription; an empty one means everything."""

    connection_id: str
    user_id: int
    node_id: str
    device: str
    device_class: str
    client: str
    opened_seconds_ago: float
    is_active: bool
    types: list[str]
    queued: int  # bytes that wait here for the client to read
    held_seconds: float | None  # since it read too slowly; None: it reads
    round_trip_ms: float | None  # of the last ping that it answered
    unanswered_seconds: float | None  # since a ping that it has not answered
    close_code: int | None  # it is closing with this
    streams: list[StreamNow]
    notes: list[Note] = []  # a node of a release without them says none


class NodeName(Struct, frozen=True):
    """A node: its id, and host and process for people."""

    id: str
    name: str


class Survey(Struct, frozen=True, kw_only=True):
    """What the nodes have said of one user at `moment`, by the database's time.

    `silent` are live nodes that have not answered in time: of sockets there it says nothing.
    """

    moment: datetime
    sockets: list[SocketNow]
    silent: list[NodeName]
