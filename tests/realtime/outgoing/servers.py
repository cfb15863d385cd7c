"""Servers on loopback whose every byte a test decides."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import h2.config
import h2.connection
import h2.events
import h2.exceptions

Script = Callable[[socket.socket], None]


class Server:
    """One listening socket; each connection is handed to `script`, in a thread of its own."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None) -> None:
        self._script, self._tls = script, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.ended = threading.Event()  # a script that hangs waits for it
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def close(self) -> None:
        self.ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`, which would keep it open
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._script(connection)
        except (OSError, EOFError, h2.exceptions.ProtocolError):
            pass  # the client has gone, or did not trust us; or we have said goodbye
        finally:
            connection.close()


@contextmanager
def serving(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve connections by a script while the block runs."""
    server = Server(script, tls)
    try:
        yield server
    finally:
        server.close()


def read_request(connection: socket.socket) -> tuple[bytes, bytes]:
    """Read one request of HTTP/1.1; return its head and its body. Raises EOFError at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += _some(connection)
    return head, body


def answering(*answers: bytes) -> Script:
    """Give each request of a connection the next answer, the last one again and again."""

    def script(connection: socket.socket) -> None:
        left = list(answers)
        while True:
            read_request(connection)
            connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return script


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Write an answer of HTTP/1.1."""
    lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def reset(connection: socket.socket) -> None:
    """Close a connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def http2(
    handle: Callable[[h2.connection.H2Connection, h2.events.RequestReceived], None],
) -> Script:
    """Speak HTTP/2; `handle` answers a request once all of it is there."""

    def script(connection: socket.socket) -> None:
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        requests: dict[int, h2.events.RequestReceived] = {}
        while True:
            connection.sendall(state.data_to_send())
            for event in state.receive_data(_some(connection)):
                match event:
                    case h2.events.RequestReceived():
                        requests[event.stream_id] = event
                    case h2.events.StreamEnded():
                        handle(state, requests.pop(event.stream_id))

    return script


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise EOFError
    return data
