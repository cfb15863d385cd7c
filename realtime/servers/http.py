"""uvicorn's HTTP protocol as `manage.py serve` uses it: no request without limits."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httptools
from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.utils import is_ssl

from realtime.core import heads
from realtime.core.heads import MAX_HEAD_BYTES, MAX_HEADERS
from realtime.servers import bodies, refusals
from realtime.servers.flow import GentleTransport, HeldFlow, Unread
from realtime.servers.refusals import Refusal
from realtime.servers.uvicorn import handshake

# How long a client is listened to that still sends what nobody reads.
LINGER_SECONDS = 10.0
# How much is parsed at once. Requests within it are queued behind one that is at work: a GET has
# 18 bytes at least, so at most 28.
PIECE_BYTES = 512


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which bounds what a client may send and how long that takes.

    A head has what `realtime.core.heads` allows, else the answer is 431, and ends within
    HTTP_HEADER_SECONDS, counted from connecting or from its first byte, else the connection
    is dropped. A body has what `realtime.servers.bodies` allows its path, else the answer is
    413, at once if the head tells, and ends within HTTP_BODY_SECONDS, else it is 408.

    Requests on one connection are answered one after the other. While one is at work nothing
    behind it is parsed, beyond PIECE_BYTES, and nothing is read once something waits; so does a
    WebSocket's handshake. A client that ends its side of the connection gets its answers.

    Refused, a connection ends in a way that the client reads the answer: to close it while
    bytes are unread would reset it, and the answer with it. So only our side is closed, and
    what still comes is dropped, for LINGER_SECONDS.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connection: asyncio.Transport = None  # type: ignore[assignment]
        self._deadline: asyncio.TimerHandle | None = None
        self._unread = Unread()
        self._running: RequestResponseCycle | None = None
        self._in_head = False
        self._in_request = False
        self._head_room = MAX_HEAD_BYTES
        self._untold = 0  # bytes since the parser last told of something
        self._body_room = 0  # of a body that there is
        self._body_rest = 0  # what is still to come of a body whose length was declared
        self._upgrade_waits = False
        self._socket: Any = None  # what a handshake becomes
        self._skips_body = False  # the parser, of a request that it takes for an upgrade
        self._has_ended = False  # the client's side of the connection
        self._deaf = False  # nothing that comes counts any more
        self._lingers = False

    # -- what the event loop calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._connection = transport
        self._held: HeldFlow = HeldFlow(transport)
        self.flow = self._held
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        self._deaf = True
        self._unread.clear()
        # uvicorn tells the last request only.
        for cycle in (self._running, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep our side open while there is something to answer."""
        is_cut = self._in_request and not self._in_head and not self.pipeline
        if self._lingers or self._is_idle or is_cut or is_ssl(self._connection):
            return None  # which closes
        self._has_ended = True
        return True

    def data_received(self, data: bytes) -> None:
        if not self._deaf:
            self._unread.put(data)
            self._go_on()

    # -- what is read, and when

    @property
    def _waits(self) -> bool:
        """True if the next bytes must wait until a request before them is answered."""
        at_work = not self._is_idle and not self._in_request
        return self._upgrade_waits or at_work or bool(self.pipeline)

    def _go_on(self) -> None:
        """Parse what may be parsed now, and read on unless something waits."""
        while self._unread and not self._deaf and not self._waits:
            self._parse(self._unread.take(max(PIECE_BYTES, self._body_rest)))
        if self._deaf:
            self._unread.clear()
        self._held.hold(bool(self._unread) or self._upgrade_waits or bool(self.pipeline))

    def _parse(self, piece: memoryview) -> None:
        self._unset_keepalive_if_required()
        self._untold += len(piece)
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
                return
            self._unsupported_upgrade_warning()
            self._unread.put_back(piece[upgrade.args[0] :])
            if self._skips_body:
                self._expect_body()
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        if self._deaf:
            return
        if self._in_request:
            # A header is told of once it is whole; until then its bytes count as they come.
            if self._untold > self._head_room:
                refuse = self._refuse_head if self._in_head else self._refuse_body
                refuse(refusals.HEAD_TOO_LARGE)
        elif self.timeout_keep_alive_task is None and self._is_idle:
            self._expect_head()  # empty lines between requests begin none

    def _expect_body(self) -> None:
        """Go on with a parser that reads the body of the request whose upgrade is ignored.

        The other one takes what is behind such a head for another protocol, and would read the
        body as the next request: whoever chooses a body would choose requests.
        """
        self._skips_body = False
        framing = [
            b"%b: %b\r\n" % pair
            for pair in self.headers
            if pair[0] in (b"content-length", b"transfer-encoding")
        ]
        self.parser = httptools.HttpRequestParser(self)
        self._deaf = True  # to the head, which has been told
        try:
            self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(framing))
        except httptools.HttpParserError:
            self._deaf = False
            self.send_400_response("Invalid HTTP request received.")
            return
        self._deaf = False

    # -- what the parser calls

    def on_message_begin(self) -> None:
        """Hear that a request begins, the first or a later one on the same connection."""
        if self._deaf:
            return
        super().on_message_begin()
        self._in_head = self._in_request = True
        self._head_room = MAX_HEAD_BYTES
        self._untold = 0
        self._socket = None
        self._expect_head()

    def on_url(self, url: bytes) -> None:
        self._head_room -= len(url)
        self._untold = 0
        if self._head_room >= 0 and not self._deaf:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._deaf:
            return
        self._head_room -= len(name) + len(value) + len(": \r\n")
        self._untold = 0
        # Behind a body in chunks no header of ours may stand.
        if self._in_head and self._head_room >= 0:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Ask the application, or refuse what the head alone tells."""
        if self._deaf:
            return
        self._in_time()
        self._untold = 0
        declared = heads.declared_length(self.headers)
        refusal = self._judge_head(declared)
        if refusal is not None:
            self._refuse_head(refusal)
            return
        before = self.cycle
        super().on_headers_complete()
        self._in_head = False
        if self.cycle is not before:  # as it is for a handshake
            self.cycle.transport = self._gentle()
        if declared is not None:
            self._skips_body = self.parser.should_upgrade()
            self._body_rest = declared
            self._set_deadline(settings.HTTP_BODY_SECONDS, self._body_is_late)

    def on_body(self, body: bytes) -> None:
        if self._deaf:
            return
        self._body_room -= len(body)
        self._body_rest = max(0, self._body_rest - len(body))
        self._untold = 0
        if self._body_room < 0:
            self._refuse_body(refusals.too_large(self._limit()))
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._deaf or self._skips_body:
            return
        self._in_request = False
        self._body_rest = 0
        self._in_time()
        super().on_message_complete()

    # -- what uvicorn's protocol calls

    def _should_upgrade(self) -> bool:
        return self._socket is not None

    def handle_websocket_upgrade(self) -> None:
        """Become a WebSocket behind the answers to what came before; no deadline is left."""
        if self._deaf:
            return
        if not self._is_idle:
            self._upgrade_waits = True
            return
        self._deaf = True  # from here on the connection is another protocol's
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        socket, self._socket = self._socket, None
        assert socket is not None  # it has judged the head
        socket.connection_made(self._connection)
        socket.begin()
        self._connection.set_protocol(socket)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Go on with the next request, unless this was the last."""
        if self._lingers:
            self.server_state.total_requests += 1
            return
        super().on_response_complete()
        if self._connection.is_closing():
            return
        if self._upgrade_waits and self._is_idle and not self._has_ended:
            self._upgrade_waits = False
            self._held.hold(False)
            self.handle_websocket_upgrade()
            return
        self._go_on()
        if self._has_ended and self._is_idle:
            self._connection.close()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, behind the answers to what came before."""
        if self._deaf:
            return
        self.logger.warning(msg)
        if self._in_request and not self._in_head:
            self._refuse_body(refusals.UNREADABLE)
        else:
            self._refuse_head(refusals.UNREADABLE)

    # -- judging and refusing

    @property
    def _is_idle(self) -> bool:
        cycle: Any = self.cycle  # None before the first request
        return cycle is None or bool(cycle.response_complete)

    def _limit(self) -> int:
        return bodies.limit_of(unquote(httptools.parse_url(self.url).path.decode("ascii")))

    def _asks_for_websocket(self) -> bool:
        """Read the two headers that say so; each of them may come several times."""
        return heads.tokens(self.headers, b"upgrade") == [b"websocket"] and (
            b"upgrade" in heads.tokens(self.headers, b"connection")
        )

    def _judge_head(self, declared: int | None) -> Refusal | None:
        if self._head_room < 0 or len(self.headers) > MAX_HEADERS:
            return refusals.HEAD_TOO_LARGE
        if self.parser.should_upgrade() and self._asks_for_websocket():
            version = f"HTTP/{self.parser.get_http_version()}"
            method = self.parser.get_method()
            protocol: Any = self.ws_protocol_class
            self._socket = protocol(self.config, self.server_state, self.app_state)
            if declared is not None:
                return refusals.HANDSHAKE_WITH_BODY
            refusal: Refusal | None = self._socket.judge(
                handshake(method, self.url, version, self.headers)
            )
            return refusal
        if declared is None:
            return None
        self._body_room = limit = self._limit()
        return refusals.too_large(limit) if declared > limit else None

    def _refuse_head(self, refusal: Refusal) -> None:
        """Answer in place of the application, behind the answers to what came before."""
        self._deaf = True
        self._in_time()
        if not self._in_request:
            HttpToolsProtocol.on_message_begin(self)  # which no byte of a request has done
        path = self.url.partition(b"?")[0].decode("latin-1")
        method = self.parser.get_method().decode("ascii")
        scope: Any = self.scope
        scope.update(method=method, path=path, query_string=b"")
        is_first = self._is_idle
        self.cycle = RequestResponseCycle(
            scope=self.scope,
            transport=self._gentle(),
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )
        scope[refusals.EXTENSION] = refusal
        if is_first:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.pipeline.appendleft((self.cycle, self.app))

    def _refuse_body(self, refusal: Refusal) -> None:
        """Answer in place of the application, which has not heard the whole of the request."""
        self._deaf = True
        self._in_time()
        cycle = self.cycle
        if cycle.response_complete:
            self._leave()
            return
        cycle.keep_alive = False
        if cycle.response_started or not cycle.more_body:
            return  # what is answered, or will be, is the last answer
        refused: Any = {**cycle.scope, refusals.EXTENSION: refusal}
        if self.pipeline and self.pipeline[0][0] is cycle:
            cycle.scope = refused
            return
        self.cycle = copy.copy(cycle)
        self.cycle.scope = refused
        self._start_asgi_task(self.cycle, self.app)
        cycle.disconnected = True  # which is what the application hears
        cycle.message_event.set()

    # -- deadlines, and the end

    def _expect_head(self) -> None:
        if self._deadline is None:
            self._set_deadline(settings.HTTP_HEADER_SECONDS, self._head_is_late)

    def _set_deadline(self, seconds: float, then: Callable[[], None]) -> None:
        self._in_time()
        self._deadline = self.loop.call_later(seconds, then)

    def _in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _head_is_late(self) -> None:
        if self.flow.read_paused:  # by us, while an earlier request is at work
            self._set_deadline(settings.HTTP_HEADER_SECONDS, self._head_is_late)
        else:
            self.transport.abort()

    def _body_is_late(self) -> None:
        if self.flow.read_paused:
            self._set_deadline(settings.HTTP_BODY_SECONDS, self._body_is_late)
        else:
            self._refuse_body(refusals.BODY_TOO_LATE)

    def _leave(self) -> None:
        """Close, in a way that the client reads what was answered."""
        if self._lingers or self._connection.is_closing():
            return
        has_more = self._in_request or self._deaf or self._unread or self.flow.read_paused
        if self._has_ended or not has_more or not self._connection.can_write_eof():
            self._connection.close()
            return
        self._deaf = self._lingers = True
        self._unset_keepalive_if_required()
        self._unread.clear()
        self._connection.write_eof()
        self._held.hold(False)
        self.flow.resume_reading()
        self._set_deadline(LINGER_SECONDS, self._connection.abort)

    def _gentle(self) -> Any:
        """Return the connection as an answer is to see it."""
        return GentleTransport(self._connection, self._leave)
