"""TCP proxies that can be told to misbehave, all on one thread of their own."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import uvloop

from tests.services.ports import free_port

T = TypeVar("T")
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of zero seconds: close() sends RST
# What the kernel may hold of a connection: a reader that stalls is to be felt at the other end.
_KERNEL_BYTES = 64 * 1024
_READ_BYTES = 16 * 1024


class _Link:
    """A client's connection and ours to the server."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.black = False  # take everything, acknowledge it, forward nothing
        self.mute = False  # the same of what the server sends
        self.subscribes = False  # True if it listens to groups of the channel layer
        self.left: int | None = None  # bytes until the link is dropped
        self.delayed = 0  # pieces on their way
        self._writers: list[StreamWriter] = []

    async def serve(self, client: StreamReader, to_client: StreamWriter) -> None:
        """Forward both ways until one side ends, and then end the other."""
        self.proxy.links.add(self)
        self._add(to_client, socket.SO_SNDBUF)
        try:
            server, to_server = await asyncio.open_connection(
                "127.0.0.1", self.proxy.target, limit=_READ_BYTES
            )
            self._add(to_server, socket.SO_RCVBUF)
            ways = [
                asyncio.create_task(self._forward(client, to_server, by_client=True)),
                asyncio.create_task(self._forward(server, to_client, by_client=False)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
        except OSError:
            self.reset()
        finally:
            self.proxy.links.discard(self)
            for writer in self._writers:
                writer.close()

    def _add(self, writer: StreamWriter, buffer: int) -> None:
        """Let the kernel keep little of what a reader has not taken yet."""
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, buffer, _KERNEL_BYTES)
        self._writers.append(writer)

    async def _forward(self, source: StreamReader, to: StreamWriter, *, by_client: bool) -> None:
        with suppress(ConnectionError):
            while data := await source.read(_READ_BYTES):
                self.subscribes |= by_client and b"SUBSCRIBE" in data
                if self.black or (self.mute and not by_client):
                    continue
                if self.left is not None:
                    data, self.left = data[: self.left], self.left - len(data)
                await self._write(to, data)
                if self.left is not None and self.left <= 0:
                    self.reset()

    async def _write(self, to: StreamWriter, data: bytes) -> None:
        """Write late, and in slices."""
        if delay := self.proxy.delay:
            self.delayed += 1
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))
            self.delayed -= 1
        size = self.proxy.slice_bytes or len(data) or 1
        for start in range(0, len(data), size):
            to.write(data[start : start + size])
            if self.proxy.slice_bytes:
                await asyncio.sleep(0)
        await to.drain()

    def reset(self) -> None:
        """End both connections with a reset."""
        self.proxy.links.discard(self)
        for writer in self._writers:
            if not writer.is_closing():
                peer = writer.get_extra_info("socket")
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                writer.transport.abort()


class Proxy:
    """Forwards `port` to `target`, a port of this machine that may change.

    The methods may be called from any thread, and have taken effect when they return.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.links: set[_Link] = set()
        self.delay = 0.0
        self.slice_bytes = 0
        self._server: asyncio.Server | None = None
        _wait(self._listen())

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            lambda *ends: _Link(self).serve(*ends),
            "127.0.0.1", self.port, backlog=1024, limit=_READ_BYTES,
        )  # fmt: skip

    def _each(self, action: Callable[[_Link], object]) -> int:
        async def act() -> int:
            links = list(self.links)
            for link in links:
                action(link)
            return len(links)

        return _wait(act())

    def reset_all(self) -> int:
        """Reset every connection; return how many."""
        return self._each(_Link.reset)

    def black_hole(self) -> int:
        """Swallow all that is sent on the connections there are; new ones work."""
        return self._each(lambda link: setattr(link, "black", True))

    def deafen(self) -> int:
        """Do that to those alone that have subscribed to something of Redis."""
        return self._each(lambda link: setattr(link, "black", link.subscribes))

    def half_open(self) -> int:
        """Swallow what the servers send on the connections there are."""
        return self._each(lambda link: setattr(link, "mute", True))

    def drop_after(self, count: int) -> int:
        """Reset each open connection after this number of further bytes."""
        return self._each(lambda link: setattr(link, "left", count))

    def refuse(self) -> None:
        """Reset every connection, and take no new one."""
        if self._server is not None:
            _wait(self._close())
        self.reset_all()

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        self._server = None

    def heal(self) -> None:
        """Behave again; connections that swallow are reset."""
        self.delay, self.slice_bytes = 0.0, 0
        if self._server is None:
            _wait(self._listen())
        self._each(lambda link: link.reset() if link.black or link.mute else None)
        self._each(lambda link: setattr(link, "left", None))

    close = refuse


_loop: asyncio.AbstractEventLoop | None = None


def _running() -> asyncio.AbstractEventLoop:
    global _loop
    if _loop is None:
        _loop = uvloop.new_event_loop()
        threading.Thread(target=_loop.run_forever, name="proxies", daemon=True).start()
    return _loop


def _wait(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, _running()).result(10)
