"""The sockets of the HTTP client: connected to a checked address, with one deadline for a call."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from realtime.outgoing.addresses import Rules, resolve

_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR


class Call(threading.local):
    """The time left to the call of this thread, and whether it has written anything."""

    deadline: float = 0.0
    has_written: bool = False

    def begin(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.has_written = False

    def left(self, most: float | None, error: type[Exception]) -> float:
        """Return how long an operation may wait; raise `error` at the deadline."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise error("the call takes too long")
        return left if most is None else min(left, most)


class Backend(httpcore.NetworkBackend):
    """Connects for httpcore, to addresses that the rules allow and no others."""

    def __init__(self, rules: Rules, call: Call) -> None:
        self._rules = rules
        self._call = call

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that answers, within `timeout` in all."""
        until = time.monotonic() + self._call.left(timeout, httpcore.ConnectTimeout)
        found = resolve(host, port, self._rules, until - time.monotonic())
        trouble: Exception = httpcore.ConnectError("no address")
        for address in found:
            left = until - time.monotonic()
            if left <= 0:
                raise httpcore.ConnectTimeout("no address answers")
            try:
                sock = socket.create_connection((address, port), left)
            except TimeoutError:
                trouble = httpcore.ConnectTimeout("no address answers")
            except OSError as error:
                trouble = httpcore.ConnectError(type(error).__name__)
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return Stream(sock, self._call)
        raise trouble


class Stream(httpcore.NetworkStream):
    """One connection. Each operation ends at the deadline of the call that makes it."""

    def __init__(self, sock: socket.socket, call: Call) -> None:
        self._socket = sock
        self._call = call

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        wait = self._call.left(timeout, httpcore.ReadTimeout)
        try:
            self._socket.settimeout(wait)
            return self._socket.recv(max_bytes)
        except TimeoutError:
            raise httpcore.ReadTimeout("no answer") from None
        except OSError as error:
            raise httpcore.ReadError(type(error).__name__) from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = memoryview(buffer)
        while left:
            wait = self._call.left(timeout, httpcore.WriteTimeout)
            try:
                self._socket.settimeout(wait)
                left = left[self._socket.send(left) :]
            except TimeoutError:
                raise httpcore.WriteTimeout("nothing is read") from None
            except OSError as error:
                raise httpcore.WriteError(type(error).__name__) from None
            # Not before: a failed first write has sent nothing that could be understood.
            self._call.has_written = True

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        wait = self._call.left(timeout, httpcore.ConnectTimeout)
        try:
            self._socket.settimeout(wait)
            secured = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except BaseException as error:
            self.close()
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout("TLS takes too long") from None
            if isinstance(error, ssl.SSLError):
                raise TlsError(error.reason or "") from None
            if isinstance(error, OSError):
                raise httpcore.ConnectError(type(error).__name__) from None
            raise
        return Stream(secured, self._call)

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
        if info == "is_readable":  # of an idle connection: the other side has closed it
            polled = select.poll()
            polled.register(self._socket, _READABLE)
            return bool(polled.poll(0))
        return None


class TlsError(httpcore.ConnectError):
    """The certificate is not valid for the host, or there is no common TLS."""
