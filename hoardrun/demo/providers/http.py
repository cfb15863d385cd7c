"""An HTTP server on loopback that keeps what it was asked, and misbehaves when it is told to."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

from hoardrun.demo.providers import literal
from hoardrun.demo.providers.kept import Ledger
from hoardrun.demo.providers.mood import Mood, Trouble


@dataclass(frozen=True)
class Asked:
    """One request. The names of its headers are in small letters."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def json(self) -> Any:
        return json.loads(self.body)

    def object(self) -> dict[str, Any]:
        """Return the object of the body; an empty one where there is none."""
        try:
            found = self.json()
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Told:
    """An answer, in place of the one that the fake itself would give."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


HANG_SECONDS = 30


def told(provider: str, name: str, **values: object) -> Told:
    """Return an answer of the table."""
    status, headers, body = literal.answer(provider, name, **values)
    return Told(status, body, headers)


def as_json(status: int, value: object, **headers: str) -> Told:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Told(status, json.dumps(value).encode(), {"Content-Type": "application/json"} | named)


class Fake:
    """A provider. `asked` has all requests, `ledger` what it has accepted, each in order.

    `ledger` may name a file for the same. A mood says how it misbehaves by itself; `then` says it
    for the next requests.
    """

    def __init__(
        self, *, ledger: Path | None = None, mood: Mood | None = None, port: int = 0
    ) -> None:
        self.asked: list[Asked] = []
        self.ledger = Ledger(ledger)
        self.mood = mood or Mood()
        self._next: deque[Told | Trouble] = deque()
        self._released = threading.Event()
        self._open: set[socket.socket] = set()
        fake = self

        class Handler(_Handler):
            owner = fake

        self._server = _Server(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self.ledger.close()

    def then(self, *steps: Told | Trouble) -> None:
        """Answer the next requests so, one each."""
        self._next.extend(steps)

    def clear(self) -> None:
        """Forget what was asked, what was accepted, and what was to come."""
        self.asked.clear()
        self.ledger.clear()
        self._next.clear()

    def answer(self, asked: Asked) -> Told | None:
        """Answer as the provider does, and write what is accepted into the ledger.

        None closes the connection.
        """
        raise NotImplementedError

    def troubled(self, trouble: Trouble) -> Told:
        """Answer that there are too many requests, or that something is broken."""
        return Told(429, b"", {"Retry-After": "1"}) if trouble == "too_many" else Told(503)

    def _take(self, asked: Asked) -> Told | None:
        """Return the answer to a request, or None to close the connection."""
        self.asked.append(asked)
        return self.meet(self._next.popleft() if self._next else self.mood.trouble(), asked)

    def meet(self, step: Told | Trouble | None, asked: Asked) -> Told | None:
        """Let a request meet a step; return the answer to it, or None to close the connection."""
        if isinstance(step, Told):
            return step
        if step is None:
            return self.answer(asked)
        if step in {"too_many", "broken", "unroutable"}:
            return self.troubled(step)
        if step.startswith("accept"):
            self.answer(asked)
        if step.endswith("hang"):
            self._released.wait(HANG_SECONDS)
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # workers begin many calls at once


class _Handler(BaseHTTPRequestHandler):
    owner: ClassVar[Fake]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes

    def setup(self) -> None:
        super().setup()
        self.owner._open.add(self.connection)

    def finish(self) -> None:
        self.owner._open.discard(self.connection)
        with suppress(OSError):  # the caller may be gone
            super().finish()

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        parts = urlsplit(self.path)
        asked = Asked(
            self.command,
            parts.path,
            dict(parse_qsl(parts.query)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        told = self.owner._take(asked)
        if told is None:
            self.close_connection = True
            return
        self.send_response(told.status)
        for name, value in told.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(told.body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(told.body)

    do_GET = do_POST = do_PUT = _handle

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: tests look at `asked`."""
