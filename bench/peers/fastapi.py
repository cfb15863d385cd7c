"""FastAPI's connection manager on uvicorn with uvloop; published to over HTTP."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from bench.contender import Bench, Running
from bench.peers.echo import Echo
from bench.publishers import HttpPublisher


class FastApi(Echo):
    """It needs no lifespan, so it is started as the echo is."""

    name = "fastapi"
    app = "bench.peers.fastapi_app:app"

    def missing(self) -> str | None:
        return None if importlib.util.find_spec("fastapi") else "requirements-bench.txt"

    @contextmanager
    def started(self, bench: Bench, sockets: int) -> Iterator[Running]:
        with (
            super().started(bench, sockets) as running,
            closing(HttpPublisher(running.entry.port, "/publish")) as publisher,
        ):
            yield replace(running, publish=publisher)
