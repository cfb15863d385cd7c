"""The bytes that wait for a client that does not read are counted, for its port alone."""

from __future__ import annotations

import socket

from bench.buffers import queued_kib


def test_bytes_written_and_not_read_are_counted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server, _ = listening.accept()
            with server:
                server.setblocking(False)
                assert queued_kib(port) == 0
                written = 0
                try:
                    while True:
                        written += server.send(bytes(65_536))
                except BlockingIOError:
                    pass
                assert 0 < queued_kib(port) < 2 * written / 1024
                assert queued_kib(client.getsockname()[1]) == 0
