"""uvicorn's WebSocket protocol as `manage.py serve` uses it: it is the Writer of its socket.

`realtime.cluster.serve` gives it to uvicorn. Writing needs neither a task nor a queue. It must
not know what the messages mean; `realtime.servers.handshake` has what comes before them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode
from websockets.protocol import State

from realtime.core.frames import WINDOW_BITS, Frame
from realtime.core.transport import LOST, Listener
from realtime.meters import meters
from realtime.protocol.codes import CloseCode
from realtime.servers import peers
from realtime.servers.handshake import HandshakeProtocol

# Seconds for a client to answer a close frame; less than the server's grace time.
CLOSE_SECONDS = 5.0
# Between two looks, while the server stops, at a handshake that is not answered yet.
HANDSHAKE_SECONDS = 0.1

_PING = bytes(WebSocketFrame(Opcode.PING, b"").serialize(mask=False))


class _NeverWaits:
    """Replaces the event that uvicorn's `send` waits for: our listener pauses by itself."""

    def set(self) -> None: ...
    def clear(self) -> None: ...
    async def wait(self) -> None: ...


_NEVER_WAITS: Any = _NeverWaits()


class WebSocketProtocol(HandshakeProtocol):
    """uvicorn's WebSocket protocol, which is also the Writer of its socket.

    Until `take_over` it behaves as uvicorn's own. From then on it needs no task and no queue:
    events go directly to the listener, and finished frames to the transport.
    """

    __slots__ = ("paused", "heard", "_pinged_at", "_round_trip", "pong", "deflates", "pipe")

    needs_pings = True

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.close_timeout = CLOSE_SECONDS
        self.paused = False
        self.heard = True
        self._pinged_at = 0.0  # of the ping that waits for its pong
        self._round_trip: float | None = None  # of the last one that has it
        self.pong = b""  # to the latest ping, while the client reads nothing
        self.deflates = False
        self.pipe: Callable[[bytes], None] | None = None

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
        self._agreed = b"", None
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

    def last_ping(self) -> tuple[float | None, float | None]:
        """Return how long the last pong took, and for how long one is waited for."""
        waits = self.loop.time() - self._pinged_at if self._pinged_at else None
        return self._round_trip, waits

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
            self._round_trip = self.loop.time() - self._pinged_at
            meters.ping_seconds.observe(self._round_trip)
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

        uvicorn would close at once. Bytes that the client has sent meanwhile, its answer above all,
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
