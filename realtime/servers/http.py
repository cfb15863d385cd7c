"""uvicorn's HTTP protocol as `manage.py serve` uses it: every request is limited.

`realtime.cluster.serve` gives it to uvicorn. It reads and parses; `realtime.servers.upgrades` has
the handshakes, and `realtime.servers.closing` refuses and closes. It answers nothing itself: a
refusal is put into the scope, and the application writes it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any
from urllib.parse import unquote

import httptools
from django.conf import settings
from uvicorn.protocols.utils import is_ssl

from realtime.core import bodies, heads, refusals
from realtime.core.heads import MAX_HEAD_BYTES, MAX_HEADERS
from realtime.core.refusals import Refusal
from realtime.servers import door
from realtime.servers.upgrades import UpgradingProtocol

# Bytes parsed at once. The requests in them queue behind the running one: a GET has at least 18
# bytes, so at most 28 queue.
PIECE_BYTES = 512


class HttpProtocol(UpgradingProtocol):
    """uvicorn's HTTP protocol with limits on what a client sends and how long it takes.

    - Head: the limits of `realtime.core.heads`, else 431. It must end within
      HTTP_HEADER_SECONDS of connecting or of its first byte, else the connection is dropped.
    - Body: the limit of `realtime.core.bodies` for its path, else 413, at once if the head
      declares more. It must end within HTTP_BODY_SECONDS, else 408.
    - Requests of one connection are answered in order. While one runs, at most PIECE_BYTES
      behind it are parsed, and nothing is read once a request or a handshake waits.
    - A client that ends its side of the connection still gets its answers.
    - A refused client can read the answer: we close our side only, and drop what still arrives.
    - A handshake waits at the door for its turn, before its head is parsed if it came in one piece.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_room = MAX_HEAD_BYTES
        self._unreported = 0  # bytes since the parser last called us
        self._body_room = self._body_limit = 0  # bytes that the body may still, and at most, have
        self._body_rest = 0  # bytes still to come of a declared length
        self._skips_body = False  # the parser does, as it takes the request for an upgrade

    # -- what the event loop calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep our side open while a request waits for its answer."""
        is_cut = self._in_request and not self._in_head and not self.pipeline
        if self._lingers or self._is_idle or is_cut or is_ssl(self._connection):
            return None  # which closes
        self._client_has_ended = True
        return True

    def data_received(self, data: bytes) -> None:
        if self._ignores_input:
            return
        self._unread += data
        if self._is_at_door:
            self.flow.hold(True)  # a client that does not wait for its answer
        elif self.cycle is None and not self._in_request and door.is_handshake(self._unread):
            self._come_to_door()
        else:
            self._parse_on()

    # -- reading and parsing

    @property
    def _waits(self) -> bool:
        """True if the next bytes must wait until an earlier request is answered."""
        at_work = not self._is_idle and not self._in_request
        return self._upgrade_waits or self._is_at_door or at_work or bool(self.pipeline)

    def _parse_on(self) -> None:
        """Parse what may be parsed now; stop reading while something waits."""
        while self._unread and not self._ignores_input and not self._waits:
            handshake = self._before_door if self._has_turn else 0  # and nothing else
            size = max(PIECE_BYTES, self._body_rest, handshake)
            piece = self._unread[:size]
            del self._unread[:size]
            self._parse(piece)
        if self._ignores_input:
            self._unread.clear()
        self.flow.hold(bool(self._unread) or self._upgrade_waits or bool(self.pipeline))

    def _parse(self, piece: bytearray) -> None:
        self._unset_keepalive_if_required()
        self._unreported += len(piece)
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
                return
            self._unread[:0] = piece[upgrade.args[0] :]
            if self._skips_body:
                self._expect_body()
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        if self._ignores_input:
            return
        if self._in_request:
            # The parser reports only whole headers: until then, count bytes as they arrive.
            if self._unreported > self._head_room:
                refuse = self._refuse_head if self._in_head else self._refuse_body
                refuse(refusals.HEAD_TOO_LARGE)
        elif self.timeout_keep_alive_task is None and self._is_idle:
            self._expect_head()  # empty lines between requests do not begin one

    def _expect_body(self) -> None:
        """Replace the parser by one that reads the body of a request whose upgrade is ignored.

        The old parser takes what follows such a head for another protocol and would then read the
        body as the next request, so the author of a body could write requests.
        """
        self._skips_body = False
        framing = [
            b"%b: %b\r\n" % pair
            for pair in self.headers
            if pair[0] in (b"content-length", b"transfer-encoding")
        ]
        self.parser = httptools.HttpRequestParser(self)
        self._ignores_input = True  # while the new parser reads a head: we have it already
        try:
            self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(framing))
        except httptools.HttpParserError:
            self._ignores_input = False
            self.send_400_response("Invalid HTTP request received.")
            return
        self._ignores_input = False

    def _expect_head(self) -> None:
        if self._deadline is None:
            self._set_deadline(settings.HTTP_HEADER_SECONDS, self._connection.abort)

    # -- what the parser calls

    def on_message_begin(self) -> None:
        """Begin a request, the first or a later one of the connection."""
        if self._ignores_input:
            return
        super().on_message_begin()
        self._in_head = self._in_request = True
        self._head_room = MAX_HEAD_BYTES
        self._unreported = 0
        self._socket = None
        self._expect_head()

    def on_url(self, url: bytes) -> None:
        self._head_room -= len(url)
        self._unreported = 0
        if self._head_room >= 0 and not self._ignores_input:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._ignores_input:
            return
        self._head_room -= len(name) + len(value) + len(": \r\n")
        self._unreported = 0
        # Trailers behind a chunked body must not become headers.
        if self._in_head and self._head_room >= 0:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the application, or refuse for what the head says."""
        if self._ignores_input:
            return
        self._clear_deadline()
        self._unreported = 0
        declared = heads.declared_length(self.headers)
        refusal = self._judge_head(declared)
        if refusal is not None:
            self._refuse_head(refusal)
            return
        before = self.cycle
        super().on_headers_complete()
        self._in_head = False
        if self.cycle is not before:  # it is the same for a handshake
            self.cycle.transport = self._transport_for_answers()
        if declared is not None:
            self._skips_body = self.parser.should_upgrade()
            self._body_rest = declared
            late = partial(self._refuse_body, refusals.BODY_TOO_LATE)
            self._set_deadline(settings.HTTP_BODY_SECONDS, late)

    def on_body(self, body: bytes) -> None:
        if self._ignores_input:
            return
        self._body_room -= len(body)
        self._body_rest = max(0, self._body_rest - len(body))
        self._unreported = 0
        if self._body_room < 0:
            self._refuse_body(refusals.too_large(self._body_limit))
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._ignores_input or self._skips_body:
            return
        self._in_request = False
        self._body_rest = 0
        self._clear_deadline()
        super().on_message_complete()

    # -- what uvicorn calls

    def on_response_complete(self) -> None:
        """Parse the next request, unless this was the last."""
        if self._lingers:
            self.server_state.total_requests += 1
            return
        super().on_response_complete()
        if self._connection.is_closing():
            return
        if self._upgrade_waits and self._is_idle and not self._client_has_ended:
            self._upgrade_waits = False
            self.flow.hold(False)
            self.handle_websocket_upgrade()
            return
        self._parse_on()
        if self._client_has_ended and self._is_idle:
            self._connection.close()

    def send_400_response(self, msg: str) -> None:
        """Refuse input that is not HTTP, after the answers to earlier requests.

        The line of the request says it; strangers get no warning written.
        """
        if self._ignores_input:
            return
        if self._in_request and not self._in_head:
            self._refuse_body(refusals.UNREADABLE)
        else:
            self._refuse_head(refusals.UNREADABLE)

    # -- checking heads

    def _judge_head(self, declared: int | None) -> Refusal | None:
        if self._head_room < 0 or len(self.headers) > MAX_HEADERS:
            return refusals.HEAD_TOO_LARGE
        if self.parser.should_upgrade():
            refusal = self._judge_upgrade(declared)
            if refusal is not None:
                return refusal
        if declared is None:
            return None
        path = unquote(httptools.parse_url(self.url).path.decode("ascii"))
        self._body_room = self._body_limit = limit = bodies.limit_of(path)
        return refusals.too_large(limit) if declared > limit else None
