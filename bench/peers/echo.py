"""A bare ASGI echo on uvicorn: what the server itself costs, before any application."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.contender import Bench, Contender, Running, serving
from bench.load import Entry
from bench.publishers import refuse
from tests.services import environment
from tests.services.ports import free_port, wait_until
from tests.services.process import Process


def _publish(count: int, rate: float | None) -> float:
    refuse("publish")
    return 0.0


class Echo(Contender):
    name = "asgi-echo"

    @contextmanager
    def started(self, bench: Bench, sockets: int) -> Iterator[Running]:
        port = free_port()
        command = [
            sys.executable, "-m", "uvicorn", "bench.peers.echo_app:app", "--port", str(port),
            "--loop", "uvloop", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false",
            "--lifespan", "off",
        ]  # fmt: skip
        log = bench.new_folder(self.name) / "log"
        with serving(Process(command, log=log, cwd=environment.ROOT)) as process:
            wait_until(lambda: "running on" in process.log(), seconds=20, what="the echo")
            yield Running([process.pid], Entry(port, ["/ws"]), _publish)
