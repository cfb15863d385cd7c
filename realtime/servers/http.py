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

from realtime.core.heads import MAX_HEAD_BYTES, MAX_HEADERS
from realtime.servers import bodies, refusals
from realtime.servers.refusals import Refusal

# How long a client is listened to that still sends what nobody reads.
LINGER_SECONDS = 10.0


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which bounds what a client may send and how long that takes.

    A head has what `realtime.core.heads` allows, else the answer is 431, and ends within
    HTTP_HEADER_SECONDS, counted from connecting or from its first byte, else the connection
    is dropped. A body has what `realtime.servers.bodies` allows its path, else the answer is
    413, at once if the head tells, and ends within HTTP_BODY_SECONDS, else it is 408.

    Refused, a connection ends in a way that the client reads the answer: to close it while
    bytes are unread would reset it, and the answer with it. So only our side is closed, and
    what still comes is dropped, for LINGER_SECONDS.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connection: asyncio.Transport = None  # type: ignore[assignment]
        self._deadline: asyncio.TimerHandle | None = None
        self._requests = 0
        self._in_head = False
        self._in_request = False
        self._head_room = MAX_HEAD_BYTES
        self._body_room = 0  # of a body that there is
        self._deaf = False  # nothing that comes counts any more
        self._lingers = False

    # -- what the event loop calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._connection = transport
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        begun = self._requests if self._in_head else None
        super().data_received(data)
        if self._deaf:
            return
        if self._in_head and self._requests == begun:
            # A header is told of once it is whole; until then its bytes count as they come.
            self._head_room -= len(data)
            if self._head_room < 0:
                self._refuse_head(refusals.HEAD_TOO_LARGE)
        elif not self._in_request and self.timeout_keep_alive_task is None and self._is_idle:
            self._expect_head()  # empty lines between requests begin none

    # -- what the parser calls

    def on_message_begin(self) -> None:
        """Hear that a request begins, the first or a later one on the same connection."""
        if self._deaf:
            return
        super().on_message_begin()
        self._requests += 1
        self._in_head = self._in_request = True
        self._head_room = MAX_HEAD_BYTES
        self._expect_head()

    def on_url(self, url: bytes) -> None:
        self._head_room -= len(url)
        if self._head_room >= 0 and not self._deaf:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._deaf:
            return
        self._head_room -= len(name) + len(value) + len(": \r\n")
        if not self._in_head:  # behind a body in chunks, where no header of ours may stand
            if self._head_room < 0:
                self._refuse_body(refusals.HEAD_TOO_LARGE)
        elif self._head_room >= 0:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Ask the application, or refuse what the head alone tells."""
        if self._deaf:
            return
        self._in_head = False
        self._in_time()
        declared = self._declared()
        refusal = self._judge_head(declared)
        if refusal is not None:
            self._refuse_head(refusal)
            return
        super().on_headers_complete()
        if declared is not None:
            self.cycle.transport = _gently(self)
            self._set_deadline(settings.HTTP_BODY_SECONDS, self._body_is_late)

    def on_body(self, body: bytes) -> None:
        if self._deaf:
            return
        self._body_room -= len(body)
        if self._body_room < 0:
            self._refuse_body(refusals.too_large(self._limit()))
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._deaf:
            return
        self._in_request = False
        self._in_time()
        super().on_message_complete()

    # -- what uvicorn's protocol calls

    def handle_websocket_upgrade(self) -> None:
        """Become a WebSocket, unless the handshake is refused; no deadline of ours is left."""
        if not self._deaf:
            self._deaf = True  # from here on the connection is another protocol's
            super().handle_websocket_upgrade()

    def on_response_complete(self) -> None:
        """Go on with the next request, unless this was the last."""
        if self._lingers:
            self.server_state.total_requests += 1
        else:
            super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, behind the answers to what came before."""
        if self._deaf:
            return
        if self._is_idle:
            self._deaf = True
            self.transport = _gently(self)
            super().send_400_response(msg)
            self.transport = self._connection
        else:
            self._refuse_body(refusals.UNREADABLE)

    # -- judging and refusing

    @property
    def _is_idle(self) -> bool:
        cycle: Any = self.cycle  # None before the first request
        return cycle is None or bool(cycle.response_complete)

    def _declared(self) -> int | None:
        """Return how long the body is to be, 0 for one in chunks, None if there is none."""
        declared = None
        for name, value in self.headers:
            if name == b"transfer-encoding":
                return 0
            if name == b"content-length" and value.strip(b"0"):
                declared = int(value)  # the parser refuses what is no number
        return declared

    def _limit(self) -> int:
        return bodies.limit_of(unquote(httptools.parse_url(self.url).path.decode("ascii")))

    def _judge_head(self, declared: int | None) -> Refusal | None:
        if self._head_room < 0 or len(self.headers) > MAX_HEADERS:
            return refusals.HEAD_TOO_LARGE
        if declared is None:
            return None
        if self.parser.should_upgrade() and self._should_upgrade():
            return refusals.HANDSHAKE_WITH_BODY
        self._body_room = limit = self._limit()
        return refusals.too_large(limit) if declared > limit else None

    def _refuse_head(self, refusal: Refusal) -> None:
        """Answer in place of the application, behind the answers to what came before."""
        self._deaf = True
        self._in_time()
        path = self.url.partition(b"?")[0].decode("latin-1")
        method = self.parser.get_method().decode("ascii")
        scope: Any = self.scope
        scope.update(method=method, path=path, query_string=b"")
        is_first = self._is_idle
        self.cycle = RequestResponseCycle(
            scope=self.scope,
            transport=_gently(self),
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
        cycle.transport, cycle.keep_alive = _gently(self), False
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
        if not (self._in_request or self._deaf) or not self._connection.can_write_eof():
            self._connection.close()
            return
        self._deaf = self._lingers = True
        self._unset_keepalive_if_required()
        self._connection.write_eof()
        self.flow.resume_reading()
        self._set_deadline(LINGER_SECONDS, self._connection.abort)


def _gently(protocol: HttpProtocol) -> Any:
    """Return the connection as an answer is to see it."""
    return _ClosedGently(protocol, protocol._connection)


class _ClosedGently:
    """A transport whose end is left to `HttpProtocol._leave`."""

    def __init__(self, protocol: HttpProtocol, transport: asyncio.Transport) -> None:
        self._protocol = protocol
        self.write = transport.write
        self.is_closing = transport.is_closing

    def close(self) -> None:
        self._protocol._leave()
