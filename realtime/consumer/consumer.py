"""The Channels consumer of `/ws/notifications`: a thin shell around the runner.

It runs its own loop rather than Channels' dispatch, which makes a thread hop for
every message, and skips its cleanup when a handler raises. The socket is accepted
before it is refused, so that a browser sees the close code. On a server of ours it
returns once the login is done: an idle socket has no task.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from typing import Any

from channels.consumer import AsyncConsumer

from realtime import log_context
from realtime.consumer import login
from realtime.consumer.commands import CommandRunner
from realtime.consumer.gate import address_of
from realtime.core import programs
from realtime.core.state import ConnectionState
from realtime.core.transport import EXTENSION, LOST, Writer
from realtime.hub.hub import Hub, ensure
from realtime.hub.socket import Peer, Socket
from realtime.protocol import SUBPROTOCOL
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.servers.asgi import AsgiWriter


class NotificationConsumer(AsyncConsumer):
    """One WebSocket, from the handshake to the login, or to the end on a foreign server."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection. In every case the hub forgets it at the end."""
        if (await receive())["type"] != "websocket.connect":
            return
        hub = await ensure()
        offer = scope.get("extensions", {}).get(EXTENSION)
        writer: Writer = AsgiWriter(send) if offer is None else offer
        query = scope["query"] if scope["query_flaw"] is None else {}  # it is logged at the end
        connection = ConnectionState(
            secrets.token_hex(8),
            hub.options.limits,
            query.get("device", ""),
            query.get("device_class", ""),
            hub.asking,
        )
        socket = Socket(connection, writer, hub.cycle, hub.options.max_buffer_bytes, _peer(scope))
        socket.query = query
        socket.is_anonymous = scope["identity"] is None
        runner = CommandRunner(hub, socket)
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None
        hub.sockets.admit(socket)
        try:
            await send({"type": "websocket.accept", "subprotocol": subprotocol})
            writer.take_over(runner)
            await _until_gone(socket, socket.spawn(_open(hub, socket, scope)))
            runner.go_on()
            if offer is None:
                await _listen(runner, receive)
                runner.end(1005)
        except BaseException as error:
            runner.end(LOST)
            if offer is not None:
                offer.abort()
            gone = isinstance(error, OSError)  # the client left while it was being answered
            aborted = isinstance(error, asyncio.CancelledError) and socket.close_code is not None
            if not gone and not aborted:
                raise


async def _until_gone(socket: Socket, login: asyncio.Task[None]) -> None:
    """Wait for the login, which ends at once when its client leaves."""
    try:
        await login
    except asyncio.CancelledError:
        serving = asyncio.current_task()
        if socket.is_open or (serving is not None and serving.cancelling()):
            raise  # it was not the socket's end that cancelled it


async def _open(hub: Hub, socket: Socket, scope: Any) -> None:
    """Log in with what the handshake offered, or wait for `authenticate`."""
    log_context.connection_id.set(socket.connection.id)
    if scope["query_flaw"] is not None:
        socket.fail(ErrorCode.INVALID_MESSAGE, scope["query_flaw"])
        socket.close(CloseCode.PROTOCOL)
    elif scope["identity"] is not None:
        await login.log_in(hub, socket, scope["identity"])
    elif scope["ticket"] is not None:
        await login.redeem(hub, socket, scope["ticket"])
    elif scope["credential"]:
        socket.close(CloseCode.UNAUTHORIZED)
    else:
        socket.expiry = hub.wheel.at(
            time.monotonic() + hub.options.authenticate_within_seconds,
            lambda: socket.close(CloseCode.TIMEOUT),
        )


async def _listen(runner: CommandRunner, receive: Any) -> None:
    """Hand over what the client sends, one message after the other, until it leaves."""
    while True:
        message = await receive()
        runner.put_nowait(message)
        if message["type"] == "websocket.disconnect":
            return
        await runner.settled()


def _peer(scope: Any) -> Peer:
    named = (value for name, value in scope["headers"] if name == b"user-agent")
    client = programs.cleaned(next(named, b"").decode("latin-1"))
    # Thousands of sockets have one and the same: they share the text.
    return Peer(address_of(scope), sys.intern(client))
