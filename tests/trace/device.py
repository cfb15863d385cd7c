"""A device that remembers what it was sent, and may stop to read."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.services.ports import PATIENCE

# What the kernel keeps for one that does not read: less than a node sends before it gives up.
RECEIVE_BYTES = 16 * 1024
PATIENT_SECONDS = 60.0
POLL_SECONDS = 0.02


class Device:
    """One device of one user, through all its connections.

    `name` is its name on the server, "" for none: then it resumes from its own positions.
    `received` are the stream and offset of each event that came, `resyncs` the stream and the
    reason of each order to resynchronise.
    """

    def __init__(self, name: str, types: str = "") -> None:
        self.name = name
        self.types = types
        self.received: set[tuple[str, int]] = set()
        self.resyncs: list[tuple[str, str]] = []
        self.connection_id = ""
        self.code: int | None = None  # that closed its connection, or refused it
        self.offsets: dict[str, int] = {}
        self._epochs = ""
        self._pongs = 0
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._reads = asyncio.Event()
        self._reads.set()

    @property
    def is_connected(self) -> bool:
        return self._socket is not None and self.code is None

    async def open(self, url: str, token: str, **query: str) -> bool:
        """Connect, and wait for the greeting; False if the server closes instead."""
        if self.name:
            query["device"] = self.name
        elif self.offsets:
            query["since"] = ",".join(f"{name}:{at}" for name, at in self.offsets.items())
            query["epoch"] = self._epochs
        if self.types:
            query["types"] = self.types
        address = urlsplit(url)
        link = socket.socket()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        link.setblocking(False)
        await asyncio.get_running_loop().sock_connect(link, ("127.0.0.1", address.port))
        self.code, self.connection_id = None, ""
        self._socket = await connect(
            f"{url}?{urlencode({'token': token, **query})}", sock=link, compression=None,
            proxy=None, max_size=None, max_queue=1, open_timeout=PATIENT_SECONDS,
            ping_interval=None, close_timeout=1,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read(self._socket))
        await self.until(lambda: bool(self.connection_id) or self.code is not None)
        return bool(self.connection_id)

    async def leave(self, *, politely: bool) -> None:
        """Close the connection, or cut it without a goodbye."""
        assert self._socket is not None and self._reading is not None
        if politely:
            await self._socket.close()
        else:
            self._socket.transport.abort()
        await self._reading

    def stall(self) -> None:
        """Read nothing from now on."""
        self._reads.clear()

    def go_on(self) -> None:
        """Read again."""
        self._reads.set()

    async def send(self, **command: Any) -> None:
        """Send a command, unless the connection has ended."""
        assert self._socket is not None
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(json.dumps(command))

    async def ack(self) -> None:
        """Acknowledge all that came."""
        for stream, offset in self.offsets.items():
            await self.send(type="ack", stream=stream, offset=offset)

    async def settle(self) -> None:
        """Wait until the server has carried out all that was sent, and its answers have come."""
        before = self._pongs
        await self.send(type="ping")
        await self.until(lambda: self._pongs > before)

    async def until(self, ready: Callable[[], bool]) -> None:
        """Wait for something that is to come; raises TimeoutError when it does not."""
        async with asyncio.timeout(PATIENT_SECONDS * PATIENCE):
            while not ready():
                await asyncio.sleep(POLL_SECONDS)

    async def until_received(self, stream: str, offset: int) -> None:
        """Wait until an event has come."""
        await self.until(lambda: (stream, offset) in self.received)

    async def until_closed(self) -> int:
        """Wait until the connection has ended; return the code, 1006 without one."""
        await self.until(lambda: self.code is not None)
        assert self.code is not None
        return self.code

    def seen(self) -> str:
        """Say in words what it has seen."""
        offsets = sorted(offset for _, offset in self.received)
        return f"code {self.code}, read {offsets[-3:]} of {len(offsets)}, resyncs {self.resyncs}"

    async def _read(self, connection: ClientConnection) -> None:
        try:
            while True:
                await self._reads.wait()
                self._take(json.loads(await connection.recv()))
        except ConnectionClosed as closed:
            self.code = closed.rcvd.code if closed.rcvd is not None else 1006

    def _take(self, message: dict[str, Any]) -> None:
        data: dict[str, Any] = message.get("data") or {}
        match message["type"]:
            case "connection_established":
                if not self.offsets:
                    self.offsets = {name: at["offset"] for name, at in data["positions"].items()}
                self._epochs = data["epoch"]
                self.connection_id = data["connection_id"]
            case "resync_required":
                self.offsets[data["stream"]] = data["position"]["offset"]
                self._epochs = data["epoch"]
                self.resyncs.append((data["stream"], data["reason"]))
            case "pong":
                self._pongs += 1
            case _ if "offset" in message:
                self.received.add((message["stream"], message["offset"]))
                self.offsets[message["stream"]] = message["offset"]
