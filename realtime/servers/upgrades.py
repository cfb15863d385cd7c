"""Handshakes among the requests of an HTTP connection: judged, at the door, and handed over.

`realtime.servers.http` reads and parses; `realtime.servers.handshake` has the handshake from
`begin` on.
"""

from __future__ import annotations

from typing import Any

import httptools

from realtime.core import heads, refusals, upgrade
from realtime.core.refusals import Refusal
from realtime.servers import door, peers
from realtime.servers.closing import ClosingProtocol
from realtime.servers.uvicorn import WebSocketProtocol


class UpgradingProtocol(ClosingProtocol):
    """uvicorn's HTTP protocol whose handshakes wait for their turn at the door.

    HttpProtocol, which reads and parses, says when.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._upgrade_waits = False  # for the answers to earlier requests
        self._door = door.of_this_loop()
        self._has_turn = False  # at the door, where each handshake waits once
        self._before_door = 0  # bytes of the head that wait to be parsed
        self._socket: WebSocketProtocol | None = None  # of a handshake

    def _parse_on(self) -> None:
        """Parse what may be parsed now."""
        raise NotImplementedError

    # -- judging

    def _judge_upgrade(self, declared: int | None) -> Refusal | None:
        """Make the socket of a head that is a handshake; return why it is refused."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        usual = upgrade.read_usual(method, version, self.headers)
        if usual is None and not self._asks_for_websocket():
            return None
        self._socket = WebSocketProtocol(self.config, self.server_state, self.app_state)
        if declared is not None:
            return refusals.HANDSHAKE_WITH_BODY
        if not self.url.startswith(b"/"):
            self.url = _origin_form(self.url)
        return self._socket.judge(method, self.url, version, self.headers, usual)

    def _asks_for_websocket(self) -> bool:
        """Check the two headers of a handshake; each may be repeated."""
        return heads.tokens(self.headers, b"upgrade") == [b"websocket"] and (
            b"upgrade" in heads.tokens(self.headers, b"connection")
        )

    # -- at the door

    def _come_to_door(self) -> None:
        """Wait for the turn of this handshake, or refuse it."""
        if not self._door.has_room():
            self.turn_away()
            self._door.refuse_unaccepted()
            return
        self._clear_deadline()
        self._is_at_door = True
        self._before_door = len(self._unread)
        self._door.wait(self)

    def enter(self) -> None:
        """Begin the login that waited, unless its client has left."""
        self._is_at_door = False
        self._has_turn = True
        early = bytes(self._unread[self._before_door :])  # of a client that did not wait
        del self._unread[self._before_door :]
        self.flow.hold(False)
        if self._connection.is_closing() or peers.has_left(self._connection):
            self._ignores_input = True  # or it would come to the door again
            self._connection.abort()
        elif self._socket is None:
            self._parse_on()
        else:
            self.handle_websocket_upgrade()
        if self._has_turn:  # it was no handshake, or one that is refused
            self._has_turn = False
            self._door.done()
            self.data_received(early)
        elif early:
            self._connection.get_protocol().data_received(early)  # type: ignore[attr-defined]

    def turn_away(self) -> None:
        """Answer a handshake with 503 as bytes, at little cost, and close."""
        self._is_at_door = False
        self._ignores_input = True
        self._socket = None
        if self._connection.is_closing():
            return
        has_more = self._in_request or not door.is_handshake(self._unread)
        self._unread.clear()
        self._connection.write(self._door.refusal())
        if has_more:
            self._close_gently()
        else:
            self._connection.close()

    # -- handing over

    def _should_upgrade(self) -> bool:
        return self._socket is not None

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection to the WebSocket protocol once earlier requests are answered."""
        if self._ignores_input:
            return
        if not self._is_idle:
            self._upgrade_waits = True
            return
        if not self._has_turn:
            self._come_to_door()
            return
        self._has_turn = False  # the socket says when the login is over
        self._ignores_input = True  # the connection is another protocol's from here on
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        socket, self._socket = self._socket, None
        assert socket is not None  # it has judged the head
        ends = self.server, self.client
        socket.begin(self._connection, ends, self.url, self.headers, self._door)
        self._connection.set_protocol(socket)


def _origin_form(url: bytes) -> bytes:
    """Return path and query of an address that a client wrote whole (RFC 9112, 3.2.2)."""
    parsed = httptools.parse_url(url)
    return (parsed.path or b"/") + (b"?" + parsed.query if parsed.query else b"")
