"""A bare ASGI echo on uvicorn: what the server itself costs, before any application."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.contender import Bench, Contender, Running, serving
from bench.opening import Entry
from tests.services.ports import free_port


class Echo(Contender):
    name = "asgi-echo"
    app = "bench.peers.echo_app:app"

    @contextmanager
    def started(self, bench: Bench, sockets: int) -> Iterator[Running]:
        port = free_port()
        command = [
            sys.executable, "-m", "uvicorn", self.app, "--port", str(port), "--loop", "uvloop",
            "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--lifespan", "off",
        ]  # fmt: skip
        with serving(command, bench.new_folder(self.name), "running on") as process:
            yield Running([process.pid], Entry(port, ["/ws"]))
