"""uvicorn's WebSocket protocol as `manage.py serve` uses it: the Writer of its socket."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.protocol import State

from realtime.core.frames import COMPRESS_SETTINGS, WINDOW_BITS, Frame
from realtime.core.transport import EXTENSION, Listener
from realtime.options import options
from realtime.protocol.codes import CloseCode
from realtime.servers.refusals import Refusal

# How long a client may take to answer a close frame; less than the server's grace time.
CLOSE_SECONDS = 5.0

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


_SAID = {"Allow", "Upgrade"}  # headers of a refused handshake that say what would do


def handshake(
    method: bytes, url: bytes, version: str, headers: Iterable[tuple[bytes, bytes]]
) -> Request:
    """Return a request that HttpProtocol has read as the library has it."""
    pairs = Headers((name.decode("ascii"), value.decode("latin-1")) for name, value in headers)
    return Request(url.decode("ascii"), pairs, method.decode("ascii"), version)


class _NeverWaits:
    """Stands for the event that ASGI's `send` waits for: a listener is told when to hold."""

    def set(self) -> None: ...
    def clear(self) -> None: ...
    async def wait(self) -> None: ...


_NEVER_WAITS: Any = _NeverWaits()


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which is also the Writer of its socket.

    Until `take_over` it behaves as uvicorn's own. From then on there is neither a task
    nor a queue: events go straight to the listener, finished frames to the transport.
    """

    needs_pings = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # uvicorn tells of each handshake, and so do we, with who it is: once is enough.
        self.logger = self.conn.logger = _quiet
        self.close_timeout = CLOSE_SECONDS
        self.paused = False
        self.heard = True
        self.listener: Listener | None = None
        self.pong = b""  # the answer to the latest ping of a client that takes nothing
        self.deflates = False
        self.pipe: Callable[[bytes], None] | None = None
        if options().compression:
            self.conn.available_extensions = [_DEFLATE]

    # -- the Writer

    def take_over(self, listener: Listener) -> None:
        """Tell `listener` everything from now on; the application may return."""
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
        # What the handshake needed is not kept for as long as the socket lives.
        self.scope = self.request = self.response = None  # type: ignore[assignment]
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
        """Ask the client for a sign of life."""
        if not self.close_sent and not self.disconnected:
            self.transport.write(_PING)

    def resume_reading(self) -> None:
        """Go on reading after the listener was busy."""
        if self.read_paused and not self.paused and not self.disconnected:
            self.read_paused = False
            self.transport.resume_reading()

    def close(self, code: CloseCode) -> None:
        """Close with a code; a client that does not answer soon is dropped."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.conn.send_close(int(code), code.reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(self.close_timeout, self._give_up)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": int(code), "reason": code.reason}
        )

    def abort(self) -> None:
        """Drop the connection with what was not sent."""
        self.transport.abort()

    def _give_up(self) -> None:
        if self.paused:
            self.transport.abort()  # close() would wait until all of it was read
        else:
            self.transport.close()

    # -- what uvicorn calls

    def send_500_response(self) -> None:
        """Answer a handshake in place of the application, whose own answer is too late then."""
        super().send_500_response()
        self.disconnected = True

    async def run_asgi(self) -> None:
        """Run the application, which may return and leave the socket to its listener."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in ASGI application\n")
            self.send_500_response()
            self.transport.close()
        else:
            if self.listener is None and self.close_timer is None:
                self.transport.close()

    def handle_connect(self, event: Request) -> None:
        """Begin a connection; the application finds the extension when its task runs."""
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    def judge(self, request: Request) -> Refusal | None:
        """Take a handshake that HttpProtocol has read; say why it is refused, if it is.

        None if it is in order by the rules of RFC 6455: `begin` goes on with it.
        """
        self.request, self.response = request, self.conn.accept(request)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            return None
        detail = bytes(self.response.body).decode().partition("\n")[0]
        headers = {name: text for name, text in self.response.headers.raw_items() if name in _SAID}
        return Refusal(HTTPStatus(self.response.status_code), "bad_handshake", detail, headers)

    def begin(self) -> None:
        """Begin with the handshake that was judged.

        The library reads requests by limits of its own, line by line; it is given another one,
        so that it expects frames from here on.
        """
        self.conn.receive_data(b"GET / HTTP/1.1\r\n\r\n")
        self.conn.events_received()
        # uvicorn has the handshake judged again, which takes as long as it did.
        self.conn.accept = lambda request: self.response  # type: ignore[method-assign]
        self.handle_connect(self.request)
        del self.conn.accept

    def data_received(self, data: bytes) -> None:
        """Take bytes of the client, whatever they are a sign of life.

        Messages that came whole ahead of a broken frame count.
        """
        self.heard = True
        if self.conn.parser_exc is not None:
            return  # the close is on its way, and nothing counts any more
        self.conn.receive_data(data)
        self.handle_events()
        if self.conn.parser_exc is not None:
            self.handle_parser_exception()

    def handle_ping(self) -> None:
        """Answer a ping, but let nobody who takes no answers fill the memory with them."""
        if self.conn.state is not State.OPEN and not self.close_sent:
            return  # a close frame is behind it: they leave together, after what is between
        pongs = self.conn.data_to_send()
        if self.close_sent or not pongs:
            return
        if self.paused:
            self.pong = pongs[-1]  # only the latest needs one (RFC 6455, section 5.5.3)
        else:
            self.transport.write(b"".join(pongs))

    def send_receive_event_to_app(self) -> None:
        """Hand a message over, and read on unless the listener is still at work."""
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
        """Close because of what the client sent, in a way that it hears why.

        To close while its bytes are unread would reset the connection, and the close frame
        with it. So only our side is closed; what still comes is dropped, for some seconds.
        """
        assert self.conn.close_sent is not None
        code, reason = self.conn.close_sent.code, self.conn.close_sent.reason
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.close_timer = self.loop.call_later(self.close_timeout, self._give_up)
            if self.read_paused:
                self.read_paused = False
                self.transport.resume_reading()
        else:
            self.transport.close()

    def _refuse_text(self) -> None:
        """Close with 1007, unless a close frame already follows what is no UTF-8."""
        if self.conn.state is State.OPEN:
            self.conn.send_close(int(CloseCode.INVALID_TEXT), CloseCode.INVALID_TEXT.reason)
            self.handle_parser_exception()

    def pause_writing(self) -> None:
        """Hear from the transport that the client reads too slowly."""
        super().pause_writing()
        self.paused = True
        if self.listener is not None:
            self.listener.held()

    def resume_writing(self) -> None:
        """Hear from the transport that the client has caught up."""
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
        """Let the listener say goodbye, if there is one."""
        if self.listener is not None and not self.close_sent:
            self.listener.server_stops()
        else:
            super().shutdown()
