"""nats-server over its own WebSocket listener; published to over plain TCP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager

from bench.contender import Bench, Contender, Running, serving
from bench.opening import Entry, Step
from bench.publishers import RawPublisher, message
from tests.services.ports import free_port

_HELLO = 'CONNECT {"verbose":false,"pedantic":false}\r\n'
_CONFIGURATION = """
host: 127.0.0.1
port: %d
websocket { host: 127.0.0.1, port: %d, no_tls: true }
"""


class Publisher(RawPublisher):
    """PUB on a connection of its own; a PING at the end, answered once all is taken."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.send(_HELLO.encode())
        self.finish()

    def publish(self, number: int, moment: int) -> None:
        text = message(number, moment)
        self.send(f"PUB bench {len(text)}\r\n{text}\r\n".encode())

    def finish(self) -> None:
        self.send(b"PING\r\n")
        self.until(b"PONG\r\n")


class Nats(Contender):
    name = "nats"

    def missing(self) -> str | None:
        return None if shutil.which("nats-server") else "Debian's nats-server"

    @contextmanager
    def started(self, bench: Bench, sockets: int) -> Iterator[Running]:
        folder = bench.new_folder(self.name)
        port, ws_port = free_port(), free_port()
        file = folder / "nats.conf"
        file.write_text(_CONFIGURATION % (port, ws_port))
        with serving(["nats-server", "-c", file], folder, "Server is ready") as process:
            entry = Entry(
                ws_port, ["/"], steps=[Step("PONG", f"{_HELLO}SUB bench 1\r\nPING\r\n", True)]
            )
            with closing(Publisher(port)) as publisher:
                yield Running([process.pid], entry, publisher)
