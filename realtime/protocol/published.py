"""The engine's own messages that are published: an event of a stream, and a message to a room."""

from __future__ import annotations

from typing import Literal

from realtime.protocol.messages import Payload, examples

_EXAMPLES = examples(__file__)


class AccessChanged(Payload, frozen=True, kw_only=True):
    """The user's rights have changed; the server closes the connections that must end.

    `logout` and `closed` name the session or the connection that they concern; without a name,
    all of the user's.
    """

    wire_type = "access_changed"
    carried_by = "stream"
    line = "{change} {connection_id} {session}"
    example = _EXAMPLES["access_changed"]

    change: Literal["logout", "password", "account", "rights", "closed"]
    """The change; `closed`: staff closed connections."""
    session: str | None = None
    """The login that it concerns; null: all of the user's."""
    connection_id: str | None = None
    """The connection that it concerns; null: all of the user's."""
    reconnect: bool = False
    """True if a connection that this closes may come back."""


class NodeReport(Payload, frozen=True, kw_only=True):
    """A node's report of itself; in the room `nodes`, for staff."""

    wire_type = "node_report"
    carried_by = "room"
    line = "{node}: {connections} connections, {users} users"
    example = _EXAMPLES["node_report"]

    id: str
    """The node's id, another after each start."""
    node: str
    """Its host and process, for people."""
    host: str
    """The machine's name."""
    pid: int
    """The process."""
    version: str
    """The version of hoardrun."""
    uptime_seconds: int
    """Seconds since it began to serve."""
    connections: int
    """Its sockets, those without a login included."""
    users: int
    """Users that have a socket here."""
    rooms: int
    """Rooms that have a socket here."""
    in_per_second: float
    """Messages from clients, a second, since the last report."""
    out_per_second: float
    """Messages to clients, a second, since the last report."""
    dropped: int
    """Wake-ups that could not be sent, since its start; the log made each good."""
    slow_closed: int
    """Sockets closed for reading too slowly, since its start."""
    lag_ms: float
    """Delay of its event loop, on average."""
    rss_mb: float
    """The memory that it holds, in millions of bytes."""
