"""TCP proxies that can be told to misbehave, all on one thread of their own."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Callable
from typing import TypeVar, cast

from tests.services.ports import free_port

T = TypeVar("T")
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of zero seconds: close() sends RST
# What the kernel may hold of a connection: a reader that stalls is to be felt at the other end.
_KERNEL_BYTES = 64 * 1024


class _Side(asyncio.Protocol):
    """One of the two connections of a link."""

    def __init__(self, link: _Link) -> None:
        self.link = link
        self.transport: asyncio.Transport | None = None
        self.other: _Side | None = None
        self.early = bytearray()  # what came before the other side was there
        self.late = 0  # pieces on their way, which nothing may overtake
        self.order = asyncio.Lock()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self.link.made(self)

    def narrow(self, buffer: int) -> None:
        """Let the kernel keep little of what a reader has not taken yet."""
        assert self.transport is not None
        peer: socket.socket | None = self.transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, buffer, _KERNEL_BYTES)

    def data_received(self, data: bytes) -> None:
        self.link.forward(self, data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.link.lost()

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()


class _Link:
    """A client's connection and ours to the server."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.client = _Side(self)
        self.server = _Side(self)
        self.client.other, self.server.other = self.server, self.client
        self.black = False  # take everything, acknowledge it, forward nothing
        self.subscribes = False  # whether it listens to groups of the channel layer
        self.mute: _Side | None = None  # of this one alone
        self.left: int | None = None  # bytes until the link is dropped
        self.ended = False

    def made(self, side: _Side) -> None:
        if self.ended and side.transport is not None:  # the client left while we connected
            side.transport.abort()
        elif side is self.client:
            side.narrow(socket.SO_SNDBUF)
            self.proxy.links.add(self)
            asyncio.ensure_future(self._connect())
        else:
            side.narrow(socket.SO_RCVBUF)
            if self.client.early:
                self.forward(self.client, bytes(self.client.early))

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self.server, "127.0.0.1", self.proxy.target)
        except OSError:
            self.reset()

    def forward(self, side: _Side, data: bytes) -> None:
        proxy, other = self.proxy, side.other
        assert other is not None
        if side is self.client and b"SUBSCRIBE" in data:
            self.subscribes = True
        if self.black or self.mute is side:
            return
        if other.transport is None:
            side.early += data
            return
        if self.left is not None:
            data, self.left = data[: self.left], self.left - len(data)
        if proxy.delay or proxy.slice_bytes or side.late:
            side.late += 1
            asyncio.ensure_future(self._later(side, data))
        else:
            other.transport.write(data)
        if self.left is not None and self.left <= 0:
            self.reset()

    async def _later(self, side: _Side, data: bytes) -> None:
        """Forward late, in order, and in slices."""
        proxy, other = self.proxy, side.other
        async with side.order:  # first come, first served
            if proxy.delay:
                await asyncio.sleep(proxy.delay * random.uniform(0.5, 1.5))
            size = proxy.slice_bytes or len(data)
            for start in range(0, len(data), size):
                if other is None or other.transport is None or other.transport.is_closing():
                    break
                other.transport.write(data[start : start + size])
                if proxy.slice_bytes:
                    await asyncio.sleep(0)
            side.late -= 1

    def reset(self) -> None:
        """End both connections with a reset."""
        for side in (self.client, self.server):
            if side.transport is not None and not side.transport.is_closing():
                peer: socket.socket | None = side.transport.get_extra_info("socket")
                if peer is not None:
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                side.transport.abort()
        self.lost()

    def lost(self) -> None:
        self.ended = True
        self.proxy.links.discard(self)
        for side in (self.client, self.server):
            if side.transport is not None and not side.transport.is_closing():
                side.transport.close()


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
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Link(self).client, "127.0.0.1", self.port, backlog=1024
        )

    def _each(self, action: Callable[[_Link], object]) -> int:
        def act() -> int:
            links = list(self.links)
            for link in links:
                action(link)
            return len(links)

        return _call(act)

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
        return self._each(lambda link: setattr(link, "mute", link.server))

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

    def close(self) -> None:
        """Stop."""
        self.refuse()


_loop: asyncio.AbstractEventLoop | None = None


def _running() -> asyncio.AbstractEventLoop:
    global _loop
    if _loop is None:
        try:
            import uvloop

            _loop = uvloop.new_event_loop()
        except ImportError:
            _loop = asyncio.new_event_loop()
        threading.Thread(target=_loop.run_forever, name="proxies", daemon=True).start()
    return _loop


def _call(function: Callable[[], T]) -> T:
    async def run() -> T:
        return function()

    return asyncio.run_coroutine_threadsafe(run(), _running()).result(10)


def _wait(work: object) -> None:
    asyncio.run_coroutine_threadsafe(work, _running()).result(10)  # type: ignore[arg-type]
