"""uvicorn's WebSocket protocol as `manage.py serve` uses it: it is the Writer of its socket.

`realtime.cluster.serve` gives it to uvicorn. Writing needs neither a task nor a queue. It must
not know what the messages mean.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected, is_ssl
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.protocol import Protocol, Side, State
from websockets.server import ServerProtocol
from websockets.streams import StreamReader

from realtime.core import upgrade
from realtime.core.frames import COMPRESS_SETTINGS, WINDOW_BITS, Frame
from realtime.core.refusals import Refusal
from realtime.core.transport import EXTENSION, LOST, Listener
from realtime.meters import meters
from realtime.options import options
from realtime.protocol.codes import CloseCode
from realtime.servers import door, peers

# Seconds for a client to answer a close frame; less than the server's grace time.
CLOSE_SECONDS = 5.0
# Between two looks, while the server stops, at a handshake that is not answered yet.
HANDSHAKE_SECONDS = 0.1

_quiet = logging.getLogger("realtime.servers.uvicorn")
_quiet.setLevel(logging.WARNING)
_PING = bytes(WebSocketFrame(Opcode.PING, b"").serialize(mask=False))
_DEFLATE = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    server_max_window_bits=WINDOW_BITS,
    client_max_window_bits=WINDOW_BITS,
    compress_settings=COMPRESS_SETTINGS,
)

_DEFLATES = [_DEFLATE]  # one list for all sockets
_EXTENSIONS = b"Sec-WebSocket-Extensions"
_SAID = {"Allow", "Upgrade"}  # headers of a refused handshake that say what to send instead


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


class _NeverWaits:
    """Replaces the event that uvicorn's `send` waits for: our listener pauses by itself."""

    def set(self) -> None: ...
    def clear(self) -> None: ...
    async def wait(self) -> None: ...


_NEVER_WAITS: Any = _NeverWaits()
Address = tuple[str, int | None]
_NOTHING: tuple[bytes, str | None] = (b"", None)  # proof of the key, extensions
_NOBODY = UUID(int=0)  # the library's id for logs, which we do not write


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


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which is also the Writer of its socket.

    Until `take_over` it behaves as uvicorn's own. From then on it needs no task and no queue:
    events go directly to the listener, and finished frames to the transport.
    """

    __slots__ = (
        *_ATTRIBUTES,
        *("paused", "heard", "_pinged_at", "listener", "pong", "deflates", "pipe"),
        *("_door", "_agreed"),
    )

    needs_pings = True

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        # uvicorn's own, without the objects for its pings, its waits and its logs. A test
        # holds that it sets the same.
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
        self.close_timeout = CLOSE_SECONDS
        self.paused = False
        self.heard = True
        self._pinged_at = 0.0
        self.listener: Listener | None = None
        self.pong = b""  # to the latest ping, while the client reads nothing
        self.deflates = False
        self.pipe: Callable[[bytes], None] | None = None
        self._agreed = _NOTHING
        self._door = door.of_this_loop()
        if options().compression:
            self.conn.available_extensions = _DEFLATES

    # -- the Writer

    def take_over(self, listener: Listener) -> None:
        """Pass every event to `listener` from now on; the application may return."""
        extension = next(iter(self.conn.extensions), None)
        # A client with a smaller window gets plain frames, which the extension allows.
        self.deflates = (
            isinstance(extension, PerMessageDeflate)
            and extension.local_max_window_bits >= WINDOW_BITS
        )
        self.listener = listener
        self.pipe = self.transport.write
        waiting, self.queue = self.queue, listener  # type: ignore[assignment]
        self.writable = _NEVER_WAITS
        # Free what only the handshake needed.
        self.scope = None  # type: ignore[assignment]
        self.server = self.client = None
        self._agreed = _NOTHING
        while not waiting.empty():
            listener.put_nowait(waiting.get_nowait())
        if not listener.busy:
            self.resume_reading()

    def write(self, frames: Sequence[Frame]) -> None:
        """Send finished frames in one write."""
        if self.close_sent or self.disconnected:
            return
        if self.deflates:
            self.transport.write(b"".join([frame.deflated for frame in frames]))
        elif len(frames) == 1:
            self.transport.write(frames[0].wire)
        else:
            self.transport.write(b"".join([frame.wire for frame in frames]))

    def ping(self) -> None:
        """Send a ping frame."""
        if not self.close_sent and not self.disconnected:
            self._pinged_at = self.loop.time()
            self.transport.write(_PING)

    def resume_reading(self) -> None:
        """Resume reading after the listener was busy."""
        if self.read_paused and not self.paused and not self.disconnected:
            self.read_paused = False
            self.transport.resume_reading()

    @property
    def has_left(self) -> bool:
        """True if the client has closed its side, even if that was not read yet."""
        return self.disconnected or peers.has_left(self.transport)

    def close(self, code: CloseCode) -> None:
        """Close with a code; drop a client that does not answer within CLOSE_SECONDS."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.conn.send_close(int(code), code.reason)
        self._say_goodbye()

    def abort(self) -> None:
        """Drop the connection and everything unsent."""
        self.transport.abort()

    def _say_goodbye(self) -> None:
        """Send the close frame that the library has prepared, and wait for the client's."""
        assert self.conn.close_sent is not None
        code, reason = self.conn.close_sent.code, self.conn.close_sent.reason
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(self.close_timeout, self._give_up)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        gone: Any = {"type": "websocket.disconnect", "code": code, "reason": reason, "by": "server"}
        self.queue.put_nowait(gone)

    def _give_up(self) -> None:
        if self.paused:
            self.transport.abort()  # close() would wait until the client has read everything
        else:
            self.transport.close()

    # -- what uvicorn calls

    @property
    def _is_over(self) -> bool:
        """True if the handshake cannot be answered: the client has ended it, or left."""
        return self.disconnected or self.conn.eof_sent or self.transport.is_closing()

    def send_500_response(self) -> None:
        """Answer a handshake instead of the application, and ignore its own answer."""
        if not self._is_over:
            super().send_500_response()
        self.disconnected = True

    async def send(self, message: Any) -> None:
        """Send for the application; answer no handshake whose client has ended it.

        Raises ClientDisconnected then: the library would fail an assertion.
        """
        if not self.handshake_complete and self._is_over:
            raise ClientDisconnected
        if message["type"] == "websocket.accept" and self.initial_response is None:
            self._accept(message)
        else:
            await super().send(message)

    def _accept(self, message: Any) -> None:
        """Answer the handshake; the library and uvicorn would build the same of objects."""
        accepted, extensions = self._agreed
        headers = [] if extensions is None else [(_EXTENSIONS, extensions.encode("latin-1"))]
        headers += self.default_headers
        headers += message.get("headers", ())
        if subprotocol := message.get("subprotocol"):
            headers.append((b"Sec-WebSocket-Protocol", subprotocol.encode("latin-1")))
        data = upgrade.answer(accepted, headers)
        if self.conn.state is not State.CONNECTING:
            raise RuntimeError("the handshake is answered already")
        self.conn.state = State.OPEN
        self.handshake_complete = True
        self.transport.write(data)
        self.start_keepalive()

    async def run_asgi(self) -> None:
        """Run the application; it may return and leave the socket to its listener.

        The login is over then.
        """
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            if not self.handshake_complete and self.close_timer is None:
                self.transport.close()
        except BaseException:
            self.logger.exception("Exception in ASGI application\n")
            self.send_500_response()
            self.transport.close()
        else:
            if self.listener is None and self.close_timer is None:
                self.transport.close()
        finally:
            self._door.done()

    def judge(
        self,
        method: bytes,
        url: bytes,
        version: str,
        headers: Sequence[tuple[bytes, bytes]],
        usual: tuple[bytes, bytes] | None,
    ) -> Refusal | None:
        """Check a handshake that HttpProtocol has read; return why it is refused.

        None if it is valid by RFC 6455: call `begin` then. `usual` is what
        `realtime.core.upgrade` has read.
        """
        if usual is not None:
            key, offered = usual
            try:
                extensions = self._agree(offered.decode("latin-1")) if offered else None
            except InvalidHandshake:
                pass  # the library says what is wrong
            else:
                self._agreed = upgrade.accept_key(key), extensions
                return None
        pairs = Headers((name.decode("ascii"), value.decode("latin-1")) for name, value in headers)
        request = Request(url.decode("ascii"), pairs, method.decode("ascii"), f"HTTP/{version}")
        response = self.conn.accept(request)
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            accepted = response.headers["Sec-WebSocket-Accept"].encode()
            self._agreed = accepted, response.headers.get("Sec-WebSocket-Extensions")
            return None
        detail = bytes(response.body).decode().partition("\n")[0]
        said = {name: text for name, text in response.headers.raw_items() if name in _SAID}
        return Refusal(HTTPStatus(response.status_code), "bad_handshake", detail, said)

    def _agree(self, offered: str) -> str | None:
        """Agree on extensions; return how to name them. Raises InvalidHandshake."""
        offers = Headers({"Sec-WebSocket-Extensions": offered})
        named, self.conn.extensions = self.conn.process_extensions(offers)
        return named

    def begin(
        self,
        connection: asyncio.Transport,
        ends: tuple[Address | None, Address | None],
        url: bytes,
        headers: Sequence[tuple[bytes, bytes]],
    ) -> None:
        """Begin the connection of a handshake that `judge` has found valid.

        `ends` are the server's and the client's address. The library would read the request again,
        by its own limits, and uvicorn would decode and encode each header.
        """
        self.connections.add(self)
        self.transport = connection
        self.server, self.client = ends  # type: ignore[assignment]
        self.scheme = "wss" if is_ssl(connection) else "ws"
        self.handshake_initiated = True
        raw_path, _, query_string = url.partition(b"?")
        path = raw_path.decode("ascii")
        protocols = [value for name, value in headers if name == b"sec-websocket-protocol"]
        offered = ",".join(value.decode("latin-1") for value in protocols).split(",")
        extensions: dict[str, Any] = {"websocket.http.response": {}, EXTENSION: self}
        self.scope = {
            "type": "websocket",
            "asgi": {"version": self.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": self.scheme,
            "server": self.server,
            "client": self.client,
            "root_path": self.root_path,
            "path": self.root_path + (unquote(path) if "%" in path else path),
            "raw_path": self.root_path.encode("ascii") + raw_path,
            "query_string": query_string,
            "headers": headers,
            "subprotocols": [name.strip() for name in offered] if protocols else [],
            "state": self.app_state.copy(),
            "extensions": extensions,
        }
        self.queue.put_nowait({"type": "websocket.connect"})
        task = self.loop.create_task(self.run_asgi())
        task.add_done_callback(self.on_task_complete)
        self.tasks.add(task)

    def data_received(self, data: bytes) -> None:
        """Parse bytes of the client; any byte proves that it is alive.

        Whole messages before a broken frame are delivered.
        """
        self.heard = True
        if self.conn.parser_exc is not None:
            return  # our close is on its way: ignore the rest
        self.conn.receive_data(data)
        self.handle_events()
        if self.conn.parser_exc is not None:
            self.handle_parser_exception()

    def handle_ping(self) -> None:
        """Answer a ping; keep only the latest answer while the client reads nothing."""
        if self.conn.state is not State.OPEN and not self.close_sent:
            return  # a close frame follows: both leave together, in order
        pongs = self.conn.data_to_send()
        if self.close_sent or not pongs:
            return
        if self.paused:
            self.pong = pongs[-1]  # only the latest needs one (RFC 6455, section 5.5.3)
        else:
            self.transport.write(b"".join(pongs))

    def handle_pong(self, event: WebSocketFrame) -> None:
        """Measure the time since our ping."""
        if self._pinged_at:
            meters.ping_seconds.observe(self.loop.time() - self._pinged_at)
            self._pinged_at = 0.0

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the listener first that no close frame came: uvicorn says 1005."""
        if self.listener is not None:
            lost = {"type": "websocket.disconnect", "code": LOST, "by": "network"}
            self.listener.put_nowait(lost)
        super().connection_lost(exc)

    def send_receive_event_to_app(self) -> None:
        """Pass a message on; keep reading unless the listener is busy."""
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        if self.curr_msg_data_type == "bytes":
            self.queue.put_nowait({"type": "websocket.receive", "bytes": data})
        else:
            try:
                text = data.decode()
            except UnicodeDecodeError:
                self._refuse_text()
                return
            self.queue.put_nowait({"type": "websocket.receive", "text": text})
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()
        if self.listener is not None and not self.listener.busy:
            self.resume_reading()

    def handle_parser_exception(self) -> None:
        """Close because of a broken frame, so that the client receives the reason.

        Closing with unread bytes would reset the connection and lose the close frame. Close only
        our side, and drop what still arrives for CLOSE_SECONDS. A handshake that has no answer yet
        gets none.
        """
        if self.conn.close_sent is None:
            self.transport.abort()
            return
        self._say_goodbye()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _refuse_text(self) -> None:
        """Close with 1007 for text that is not UTF-8, unless a close frame follows it already."""
        if self.conn.state is State.OPEN:
            self.conn.send_close(int(CloseCode.INVALID_TEXT), CloseCode.INVALID_TEXT.reason)
            self.handle_parser_exception()

    def pause_writing(self) -> None:
        """Pause writing: the client reads too slowly."""
        super().pause_writing()
        self.paused = True
        if self.listener is not None:
            self.listener.held()

    def resume_writing(self) -> None:
        """Resume writing: the client has caught up."""
        super().resume_writing()
        self.paused = False
        if self.pong and not self.close_sent:
            self.transport.write(self.pong)
        self.pong = b""
        if self.listener is not None:
            self.listener.resumed()
            if not self.listener.busy:
                self.resume_reading()

    def shutdown(self) -> None:
        """Say goodbye, unless that is done; then wait for the client's answer.

        uvicorn would close at once. Whatever the client has sent meanwhile, its answer above all,
        would then reset the connection, and the close frame could be lost.
        """
        if self.close_sent or self.disconnected:
            return
        if self.listener is not None:
            self.listener.server_stops()
        elif self.handshake_complete:
            self.close(CloseCode.RESTART)
        else:
            self.loop.call_later(HANDSHAKE_SECONDS, self.shutdown)  # once it is accepted
