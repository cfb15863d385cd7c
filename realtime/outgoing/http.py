"""The one HTTP client, for providers, payments and feeds.

It is made of httpcore, the engine of httpx, whose public interface lets us choose the address that
is connected to, and know whether anything was written when a call failed.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections import deque
from collections.abc import Mapping
from functools import lru_cache

import certifi
import h2.errors
import h2.events
import h2.exceptions
import httpcore

from realtime.outgoing.addresses import Parts, Rules, UnsafeAddress, check
from realtime.outgoing.outcome import Outcome
from realtime.outgoing.reply import Reply, outcome_of, retry_after
from realtime.outgoing.sockets import Backend, Call, TlsError

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
MAX_ANSWER_BYTES = 64 * 1024
MAX_HOSTS = 100  # that one call after the other keeps a connection to
IDLE_SECONDS = 60.0  # a connection that has been idle for longer is not used again
_DEFAULT_PORTS = {"https": 443, "http": 80}
# The word for each failure of a call, each before those that include it.
_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (UnsafeAddress, "address"),
    (httpcore.PoolTimeout, "pool"),
    (TlsError, "tls"),
    (httpcore.ConnectTimeout, "connect"),
    (httpcore.ConnectError, "connect"),
    (httpcore.TimeoutException, "timeout"),
    (httpcore.NetworkError, "broken"),
    (httpcore.RemoteProtocolError, "broken"),
    (httpcore.LocalProtocolError, "protocol"),
    (h2.exceptions.H2Error, "protocol"),
    (UnicodeError, "protocol"),
    (OSError, "dns"),  # all that sockets raise is one of the above
)
_KINDS = tuple(kind for kind, _ in _FAILURES)


class Client:
    """Makes calls. Thread-safe: its connections are kept, and used by one call at a time.

    TLS is verified, redirects are not followed, no proxy is used, and of an answer no more than
    `max_answer_bytes` are read. A call takes no longer than `connect_seconds` and `read_seconds`
    together.

    Each call has a pool of httpcore's to itself, the one that was used last: a pool that is shared
    looks at all its connections twice a call, under one lock.
    """

    def __init__(
        self,
        *,
        rules: Rules | None = None,
        http2: bool = False,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._max_answer_bytes = max_answer_bytes
        self._rules = rules or Rules.of_deployment()
        self._http2 = http2
        self._longest = connect_seconds + read_seconds
        self._timeouts = {
            "pool": connect_seconds,
            "connect": connect_seconds,
            "read": read_seconds,
            "write": read_seconds,
        }
        self._tls = tls or _trusted()
        self._call = Call()
        self._lock = threading.Lock()
        self._pools: set[httpcore.ConnectionPool] = set()
        self._idle: deque[tuple[httpcore.ConnectionPool, float]] = deque()  # and since when

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Reply:
        """Make one call and say how it ended. What the network does raises nothing."""
        pool = self._take()
        try:
            return self._answer(pool, method, url, headers or {}, body)
        finally:
            self._give_back(pool)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            pools = list(self._pools)
            self._pools.clear()
            self._idle.clear()
        for pool in pools:
            pool.close()

    def _answer(
        self,
        pool: httpcore.ConnectionPool,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Reply:
        began = time.monotonic()
        self._call.begin(self._longest)
        try:
            request = self._request(method, check(url, self._rules), headers, body)
            response = pool.handle_request(request)
        except _KINDS as error:
            return Reply(
                outcome=self._outcome(error),
                error=_word(error),
                seconds=time.monotonic() - began,
            )
        content, is_whole, is_broken = _read(response, self._max_answer_bytes)
        names = {name.decode("ascii", "replace").lower(): value for name, value in response.headers}
        found = {name: value.decode("latin-1") for name, value in names.items()}
        outcome = outcome_of(response.status, found)
        if is_broken and outcome is Outcome.ACCEPTED:
            outcome = Outcome.UNKNOWN  # what it was accepted as stood in the rest
        return Reply(
            outcome=outcome,
            status=response.status,
            headers=found,
            body=content,
            is_whole=is_whole,
            retry_after_seconds=retry_after(found, time.time()),
            seconds=time.monotonic() - began,
        )

    def _take(self) -> httpcore.ConnectionPool:
        with self._lock:
            if self._idle:
                return self._idle.pop()[0]
            pool = httpcore.ConnectionPool(
                ssl_context=self._tls,
                max_connections=MAX_HOSTS,
                keepalive_expiry=IDLE_SECONDS,
                http2=self._http2,
                network_backend=Backend(self._rules, self._call),
            )
            self._pools.add(pool)
            return pool

    def _give_back(self, pool: httpcore.ConnectionPool) -> None:
        """Keep a pool for the next call, and close one that no call has needed for long."""
        now = time.monotonic()
        over: list[httpcore.ConnectionPool] = []
        with self._lock:
            if pool in self._pools:
                self._idle.append((pool, now))
            else:  # the client was closed meanwhile
                over.append(pool)
            if self._idle and self._idle[0][1] < now - IDLE_SECONDS:
                over.append(self._idle.popleft()[0])
                self._pools.discard(over[-1])
        for each in over:
            each.close()

    def _request(
        self, method: str, parts: Parts, headers: Mapping[str, str], body: bytes
    ) -> httpcore.Request:
        host = f"[{parts.host}]" if ":" in parts.host else parts.host
        if parts.port != _DEFAULT_PORTS[parts.scheme]:
            host = f"{host}:{parts.port}"
        sent = {"Host": host, "Accept-Encoding": "identity", **headers}
        if body or method not in {"GET", "HEAD", "DELETE"}:
            sent["Content-Length"] = str(len(body))
        return httpcore.Request(
            method,
            httpcore.URL(
                scheme=parts.scheme, host=parts.host, port=parts.port, target=parts.target
            ),
            headers=[
                (name.encode("ascii"), value.encode("latin-1")) for name, value in sent.items()
            ],
            content=body,
            extensions={"timeout": self._timeouts},
        )

    def _outcome(self, error: Exception) -> Outcome:
        """Classify a call that failed without an answer."""
        if isinstance(error, UnsafeAddress | UnicodeError):
            return Outcome.REFUSED  # it will fail the next time, too
        if self._call.has_written and not _is_undone(error):
            return Outcome.UNKNOWN
        if isinstance(error, httpcore.LocalProtocolError):
            return Outcome.REFUSED
        return Outcome.NOT_SENT


def client(
    rules: Rules | None = None,
    *,
    http2: bool = False,
    read_seconds: float = READ_SECONDS,
    max_answer_bytes: int = MAX_ANSWER_BYTES,
) -> Client:
    """Return the client of this process with these rules, or those of this deployment."""
    wanted = rules or Rules.of_deployment()
    # Without the lock, threads that ask at once each make one, and all but one are lost open.
    with _making:
        return _made(wanted, http2, read_seconds, max_answer_bytes)


_making = threading.Lock()


@lru_cache(maxsize=8)
def _made(rules: Rules, http2: bool, read_seconds: float, max_answer_bytes: int) -> Client:
    return Client(
        rules=rules,
        http2=http2,
        connect_seconds=min(CONNECT_SECONDS, read_seconds),
        read_seconds=read_seconds,
        max_answer_bytes=max_answer_bytes,
    )


def _trusted() -> ssl.SSLContext:
    """Trust the authorities of SSL_CERT_FILE, as OpenSSL does, else the list of Mozilla."""
    return ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where())


def _word(error: Exception) -> str:
    return next(word for kind, word in _FAILURES if isinstance(error, kind))


def _is_undone(error: Exception) -> bool:
    """Say whether an HTTP/2 server states that it has not looked at the request."""
    event = error.args[0] if error.args else None
    if isinstance(event, h2.events.StreamReset):
        return event.error_code == h2.errors.ErrorCodes.REFUSED_STREAM
    return isinstance(event, h2.events.ConnectionTerminated) and event.last_stream_id == 0


def _read(response: httpcore.Response, most: int) -> tuple[bytes, bool, bool]:
    """Read an answer's body; return it, whether that is all of it, and whether it broke off."""
    content = bytearray()
    try:
        for chunk in response.iter_stream():
            content += chunk
            if len(content) > most:
                return bytes(content[:most]), False, False
    except _KINDS:
        return bytes(content), False, True
    finally:
        response.close()
    return bytes(content), True, False
