"""FastAPI's connection manager on uvicorn with uvloop; published to over HTTP."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from bench.contender import Bench, Contender, Running, serving
from bench.load import Entry
from bench.publishers import HttpPublisher
from tests.services import environment
from tests.services.ports import free_port, wait_until
from tests.services.process import Process


class FastApi(Contender):
    name = "fastapi"

    def missing(self) -> str | None:
        return None if importlib.util.find_spec("fastapi") else "requirements-bench.txt"

    @contextmanager
    def started(self, bench: Bench, sockets: int) -> Iterator[Running]:
        port = free_port()
        command = [
            sys.executable, "-m", "uvicorn", "bench.peers.fastapi_app:app", "--port", str(port),
            "--loop", "uvloop", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false",
        ]  # fmt: skip
        log = bench.new_folder(self.name) / "log"
        with serving(Process(command, log=log, cwd=environment.ROOT)) as process:
            wait_until(lambda: "running on" in process.log(), seconds=20, what="FastAPI")
            with closing(HttpPublisher(port, "/publish")) as publisher:
                yield Running([process.pid], Entry(port, ["/ws"]), publisher)
