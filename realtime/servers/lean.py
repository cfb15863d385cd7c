"""The state of a WebSocket as uvicorn and its library keep it, in less memory and fewer calls.

Both make objects for pings, waits, logs and requests, which we handle in other ways. This module
knows neither handshakes nor messages.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from uuid import UUID

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.protocol import Protocol, Side, State
from websockets.server import ServerProtocol
from websockets.streams import StreamReader

_quiet = logging.getLogger("realtime.servers.uvicorn")
_quiet.setLevel(logging.WARNING)
_NOBODY = UUID(int=0)  # the library's id for logs, which we do not write

# uvicorn sets these on every socket. A class with so many attributes keeps a dictionary of 1.5 KiB
# for each of its objects, unless it has a place for them.
_ATTRIBUTES = (
    *("config", "app", "loop", "logger", "root_path", "asgi_version", "app_state"),
    *("connections", "tasks", "default_headers", "transport", "server", "client", "scheme"),
    *("queue", "handshake_initiated", "handshake_complete", "close_sent", "disconnected"),
    *("close_timer", "close_timeout", "initial_response", "conn", "read_paused", "writable"),
    *("ping_interval", "ping_timeout", "ping_timer", "pong_timer", "pending_ping_payload"),
    *("ping_sent_at", "last_ping_rtt", "frames", "curr_msg_data_type"),
    "scope",
)


class _Frames(ServerProtocol):
    """The library's side of a connection whose request HttpProtocol reads: it expects frames."""

    parse = Protocol.parse

    def __init__(self, max_size: int | None) -> None:
        # The library's own, without a random id of each connection for logs that we do not
        # write: each is a call of the kernel. A test holds that it sets the same.
        self.id = _NOBODY
        self.logger = _quiet
        self.debug = False
        self.side = Side.SERVER
        self._state = State.CONNECTING
        self.max_message_size, self.max_fragment_size = max_size, None
        self.current_size = None
        self.expect_continuation_frame = False
        self.origin = self.subprotocol = None
        self.extensions = []
        self.close_rcvd = self.close_sent = self.close_rcvd_then_sent = None
        self.handshake_exc = self.parser_exc = None
        self.eof_sent = False
        self.reader = StreamReader()
        self.events, self.writes = [], []
        self.parser = self.parse()
        next(self.parser)
        self.origins = self.available_extensions = self.available_subprotocols = None
        self.accept_called = False

    def forget(self) -> None:
        """Free what was read, once the connection has gone.

        The objects of a connection refer to each other, so they stay until the collector runs,
        which it does seldom: with half a message or an error they take ten times the memory.
        """
        self.parser.close()
        self.parser_exc = None
        self.reader.discard()


class LeanProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, without the objects for its pings, its waits and its logs.

    A test holds that it sets the same.
    """

    __slots__ = _ATTRIBUTES

    conn: _Frames

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.config = config
        self.app = config.loaded_app
        self.loop = _loop or asyncio.get_running_loop()
        self.root_path = config.root_path
        self.asgi_version = config.asgi_version
        self.app_state = app_state
        self.connections = server_state.connections
        self.tasks = server_state.tasks
        self.default_headers = server_state.default_headers
        self.transport = None  # type: ignore[assignment]
        self.server = self.client = None
        self.scheme = None  # type: ignore[assignment]
        self.queue = asyncio.Queue()
        self.handshake_initiated = self.handshake_complete = False
        self.close_sent = self.disconnected = self.read_paused = False
        self.close_timer = None
        self.initial_response = None
        self.conn = _Frames(config.ws_max_size)
        self.writable = asyncio.Event()
        self.writable.set()
        self.ping_interval = config.ws_ping_interval
        self.ping_timeout = config.ws_ping_timeout
        self.ping_timer = self.pong_timer = None
        self.pending_ping_payload = None
        self.ping_sent_at = self.last_ping_rtt = 0.0
        self.frames = []
        self.curr_msg_data_type = "bytes"
        # We log each handshake with its user; uvicorn's own line would repeat it.
        self.logger = _quiet
        self.close_timeout = 10.0

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.frames = []
        self.conn.forget()
