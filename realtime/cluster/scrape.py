"""Serves `/metrics` and the probes on a private port, for this process alone.

It shares the event loop with the sockets, so it does little at a time, keeps few connections, and
drops what takes too long: a stranger or a slow reader costs some kilobytes for some seconds.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
import logging
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from realtime.cluster.exposition import render
from realtime.cluster.fleet import FleetOnOneNode
from realtime.hub.hub import Hub
from realtime.meters import here
from realtime.meters.readiness import readiness
from realtime.options import Options

logger = logging.getLogger(__name__)

PATH = b"/metrics"
MAX_CONNECTIONS = 16
MAX_REQUEST_BYTES = 8 * 1024
SECONDS = 5.0  # for a request and its answer
RETRY_SECONDS = 1.0  # until a port is tried again that another process has
LEAVE_SECONDS = 20.0  # beyond a drain, for the worker before this one to leave its port
WORKERS = 64  # of another server, which does not number them

Render = Callable[[], Awaitable[bytes]]


class Scraped(asyncio.Protocol):
    """One connection: one request, one answer."""

    def __init__(self, render: Render, token: str, open_ones: set[Scraped]) -> None:
        self._render = render
        self._token = token.encode()
        self._open = open_ones
        self._received = bytearray()
        self._answering: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._deadline = asyncio.get_running_loop().call_later(SECONDS, transport.abort)
        if len(self._open) >= MAX_CONNECTIONS:
            transport.abort()
        else:
            self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        self._open.discard(self)
        if self._answering is not None:
            self._answering.cancel()

    def data_received(self, data: bytes) -> None:
        if self._answering is not None:
            return  # one request a connection
        self._received += data
        if b"\r\n\r\n" in self._received:
            self._transport.pause_reading()
            self._answering = asyncio.get_running_loop().create_task(self._answer())
        elif len(self._received) > MAX_REQUEST_BYTES:
            self._transport.abort()

    async def _answer(self) -> None:
        head = bytes(self._received).partition(b"\r\n\r\n")[0]
        line, *lines = head.split(b"\r\n")
        method, _, rest = line.partition(b" ")
        headers = dict(_header(each) for each in lines)
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method != b"GET":
            self._send(HTTPStatus.METHOD_NOT_ALLOWED, b"", "Allow: GET\r\n")
        elif (probe := await readiness.probe(path.decode("latin-1"))) is not None:
            # To anybody: a probe has no token, and its answer is public at the other port too.
            status, body = probe
            self._send(HTTPStatus(status), body, "Content-Type: application/json\r\n")
        elif not self._may(headers.get(b"authorization", b"")):
            self._send(HTTPStatus.UNAUTHORIZED, b"", "WWW-Authenticate: Bearer\r\n")
        elif path != PATH:
            self._send(HTTPStatus.NOT_FOUND)
        else:
            try:
                body = await self._render()
            except Exception:
                logger.exception("metrics could not be read")
                self._send(HTTPStatus.INTERNAL_SERVER_ERROR)
            else:
                self._send(HTTPStatus.OK, body, f"Content-Type: {CONTENT_TYPE_PLAIN_0_0_4}\r\n")

    def _may(self, given: bytes) -> bool:
        if not self._token:
            return True
        scheme, _, token = given.partition(b" ")
        return hmac.compare_digest(token.strip(), self._token) and scheme.lower() == b"bearer"

    def _send(self, status: HTTPStatus, body: bytes = b"", headers: str = "") -> None:
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n{headers}"
            f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        self._transport.write(head.encode() + body)
        self._transport.close()  # once written; the deadline drops a reader that takes no more


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.strip().lower(), value.strip()


async def serve(hub: Hub) -> None:
    """Serve until cancelled; nothing if no port is set. It never ends the node."""
    options = hub.options
    if not options.metrics_port:
        return
    open_ones: set[Scraped] = set()

    fleet = FleetOnOneNode(hub.node_id)

    def connection() -> Scraped:
        return Scraped(lambda: render(hub, fleet), options.metrics_token, open_ones)

    server = await _listen(options, connection)
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        server.close()
        for one in list(open_ones):
            one._transport.abort()


async def _listen(options: Options, connection: Callable[[], Scraped]) -> asyncio.Server:
    """Listen at the port of this worker. Wait for one that another process has, as while it ends.

    A worker that nobody numbered takes the number of the first port that is free. One that takes
    another's place finds its port in use until that has drained, and warns only later.
    """
    loop, told = asyncio.get_running_loop(), False
    patient_until = time.monotonic() + options.drain_seconds + LEAVE_SECONDS
    while True:
        numbers = [here.worker] if here.is_numbered else range(WORKERS)
        problem: OSError | None = None
        for number in numbers:
            port = options.metrics_port + number
            try:
                server = await loop.create_server(connection, options.metrics_host, port)
            except (OSError, OverflowError) as error:  # the latter: beyond the last port
                problem = error if isinstance(error, OSError) else OSError(str(error))
                if problem.errno != errno.EADDRINUSE:
                    break
            else:
                here.number(number)
                logger.info("metrics at http://%s:%d/metrics", options.metrics_host, port)
                return server
        may_drain = here.is_numbered and problem is not None and problem.errno == errno.EADDRINUSE
        if not told and not (may_drain and time.monotonic() < patient_until):
            told = True
            logger.warning(
                "metrics are not served at %s:%d yet: %s",
                options.metrics_host,
                options.metrics_port + here.worker,
                problem,
            )
        await asyncio.sleep(RETRY_SECONDS)
