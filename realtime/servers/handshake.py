"""The opening handshake of a WebSocket, and the application's run until the login is over.

`realtime.servers.upgrades` has it judge a handshake and begin it; `realtime.servers.uvicorn` is the
socket from then on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from uvicorn.protocols.utils import ClientDisconnected, is_ssl
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request
from websockets.protocol import State

from realtime.core import upgrade
from realtime.core.frames import COMPRESS_SETTINGS, WINDOW_BITS
from realtime.core.refusals import Refusal
from realtime.core.transport import EXTENSION, Listener
from realtime.options import options
from realtime.servers.door import Door
from realtime.servers.lean import LeanProtocol

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

Address = tuple[str, int | None]


class HandshakeProtocol(LeanProtocol):
    """uvicorn's WebSocket protocol up to the end of the login.

    `judge` first, then `begin`. The application answers, and may leave the socket to a listener.
    """

    __slots__ = ("_agreed", "_door", "listener")

    listener: Listener | None  # has the socket, once one has taken over
    _agreed: tuple[bytes, str | None]  # proof of the key, extensions
    _door: Door

    # -- what an HTTP connection calls

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
        if options().compression:
            self.conn.available_extensions = _DEFLATES
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
        door: Door,
    ) -> None:
        """Begin the connection of a handshake that `judge` has found valid.

        `ends` are the server's and the client's address; `door` learns when the login is over. The
        library would read the request again, by its own limits, and uvicorn would decode and
        encode each header.
        """
        self._door = door
        self.listener = None
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

    # -- what uvicorn and the application call

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
