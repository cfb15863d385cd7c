"""The end of a socket: one line in the log, and the meters."""

from __future__ import annotations

import logging
import time

from realtime import log_context
from realtime.core.transport import LOST
from realtime.hub.socket import Socket
from realtime.meters import meters
from realtime.protocol.codes import CloseCode

logger = logging.getLogger(__name__)

_FAILURES = {
    CloseCode.UNAUTHORIZED: "credential",
    CloseCode.REVOKED: "revoked",
    CloseCode.RATE_LIMITED: "rate_limited",
    CloseCode.TIMEOUT: "timeout",
    CloseCode.PROTOCOL: "protocol",
}


def code_of(socket: Socket, code: int) -> int:
    """Return the code that closed a socket: ours, if we closed it."""
    return int(code if socket.close_code is None else socket.close_code)


def tell(socket: Socket, code: int, by: str | None) -> None:
    """Count a socket that has ended, and log how it went.

    Call it once for each, after the hub has forgotten it: its counts are whole then.
    """
    ours = socket.close_code
    code = code_of(socket, code)
    if by is None or ours is not None:
        by = "server" if ours is not None else "network" if code == LOST else "client"
    meters.connections_closed[code, by] += 1
    if not socket.is_greeted:
        meters.login_failures["left" if ours is None else _FAILURES.get(ours, "other")] += 1
    connection = socket.connection
    seconds = time.monotonic() - socket.opened_at
    log_context.tell(
        logger,
        "closed %s user=%s code=%s by=%s after %.1fs device=%s "
        "in=%d out=%d bytes_in=%d bytes_out=%d",
        (
            connection.id,
            connection.user_id,
            code,
            by,
            seconds,
            connection.device or "-",
            socket.messages_in,
            socket.messages_out,
            socket.bytes_in,
            socket.bytes_out,
        ),
        {
            "connection_id": connection.id,
            "user": connection.user_id,
            "code": code,
            "by": by,
            "seconds": round(seconds, 3),
            "device": connection.device,
            "messages_in": socket.messages_in,
            "messages_out": socket.messages_out,
            "bytes_in": socket.bytes_in,
            "bytes_out": socket.bytes_out,
        },
    )
