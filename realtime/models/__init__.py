"""The tables of the engine: its log, nodes and sockets, logins, jobs, and outside calls."""

from __future__ import annotations

from realtime.models.jobs import JobRun
from realtime.models.log import Cursor, Deployment, Event, Stream, new_epoch
from realtime.models.logins import EndedSession, IssuedToken, Ticket
from realtime.models.outgoing import Host, Webhook
from realtime.models.series import NodeMinute
from realtime.models.sockets import Connection, Delay, Departure, Node

__all__ = [
    "Connection",
    "Cursor",
    "Delay",
    "Departure",
    "Deployment",
    "EndedSession",
    "Event",
    "Host",
    "IssuedToken",
    "JobRun",
    "Node",
    "NodeMinute",
    "Stream",
    "Ticket",
    "Webhook",
    "new_epoch",
]
