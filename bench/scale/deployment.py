"""The assumptions on a deployment: its users, their day, and its machines."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import exp
from typing import Any

from realtime.options import Options

MINUTES = 24 * 60
HOUR = 60
# The shape of a day: hour, share of the peak, width in hours of each hump; and the night.
_HUMPS = ((8.5, 0.6, 1.6), (12.5, 0.65, 1.8), (19.0, 1.0, 2.4))
_NIGHT = 0.06


def _assumed(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployment on paper. Each field is an option of `python -m bench scale`."""

    users: int = _assumed(1_000_000, "users")
    connected: float = _assumed(0.25, "share of them with a socket at the busiest time")
    devices: float = _assumed(1.2, "sockets of a connected user")
    events: float = _assumed(20.0, "events of a user's own stream a day, mailings apart")
    payments: float = _assumed(2.0, "payments of a user a day over HTTP, five of these events each")
    notices: float = _assumed(
        0.25, "share of these events that are notifications, which counts follow"
    )
    attended: float = _assumed(0.5, "share of these events that come while the user is connected")
    sessions: float = _assumed(4.0, "times a day that a user opens the app")
    snapshots: float = _assumed(0.1, "share of them that take a snapshot; others resume")
    mailings: int = _assumed(1, "notifications to all users a day, in the busiest hour")
    opens: float = _assumed(0.03, "share of users who open the app after one, within minutes")
    announcements: int = _assumed(1, "announcements to all a day, in the busiest hour")
    rooms: float = _assumed(0.2, "share of sockets in a room of prices")
    prices: float = _assumed(1.0, "messages a second to each of these")
    acks: float = _assumed(0.5, "acknowledgements for each delivery of an own event")
    nodes: int = _assumed(0, "nodes; 0: as many as it takes")
    postgres: int = _assumed(0, "PostgreSQL, among which users are divided; 0: as many as it takes")
    redis: int = _assumed(0, "Redis, among which groups are divided; 0: as many as it takes")
    zones: int = _assumed(3, "zones, over which the nodes are spread evenly")
    busy: float = _assumed(0.6, "share of a core, or of all cores of a PostgreSQL, to stay below")
    node_mib: int = _assumed(1024, "memory for each node, a process on one core")
    node_sockets: int = _assumed(Options().max_connections_per_node, "sockets of a node at most")
    postgres_cores: int = _assumed(16, "cores of a PostgreSQL")
    postgres_tib: float = _assumed(2.0, "disk of a PostgreSQL for the log, half full at most")
    postgres_sessions: int = _assumed(100, "sessions of a PostgreSQL (its default)")
    redis_gib: float = _assumed(8.0, "memory of a Redis, half full at most")
    mailed_within: float = _assumed(600.0, "seconds in which a mailing is to be stored for all")
    retention_days: float = _assumed(Options().retention_days, "days that the log keeps")

    def __post_init__(self) -> None:
        shares = {"connected", "notices", "attended", "snapshots", "opens", "rooms", "busy"}
        may_be_zero = shares - {"connected", "busy"} | {
            "events", "payments", "sessions", "mailings", "announcements", "prices", "acks",
            "nodes", "postgres", "redis",
        }  # fmt: skip
        for each in fields(self):
            name, value = each.name, getattr(self, each.name)
            if value < 0 or (value == 0 and name not in may_be_zero):
                raise ValueError(f"{name}: {value:g} is too little")
            if name in shares and value > 1:
                raise ValueError(f"{name}: {value:g} is more than all")

    @property
    def peak_sockets(self) -> float:
        """Sockets at the busiest time."""
        return self.users * self.connected * self.devices


ASSUMPTIONS = {each.name: each.metadata["meaning"] for each in fields(Deployment)}


def busyness(minute: float) -> float:
    """Return the load of a minute of the day as a share of the busiest one."""
    hour = minute / HOUR
    found = sum(height * exp(-(((hour - at) / width) ** 2)) for at, height, width in _HUMPS)
    return _NIGHT + (1 - _NIGHT) * min(1.0, found / _TOP)


_TOP = max(
    sum(height * exp(-(((hour / 100 - at) / width) ** 2)) for at, height, width in _HUMPS)
    for hour in range(2400)
)
BUSYNESS = tuple(busyness(minute) for minute in range(MINUTES))
BUSIEST = max(range(MINUTES), key=BUSYNESS.__getitem__)
BUSIEST_HOUR = range(BUSIEST - HOUR // 2, BUSIEST + HOUR // 2)
