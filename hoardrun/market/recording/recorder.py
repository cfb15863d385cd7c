"""Record a venue's session: what it sends, as it comes, and what was asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from hoardrun.market.feeds.events import Failed, Refused
from hoardrun.market.feeds.venue import Venue
from hoardrun.market.recording.format import MAX_FRAME_BYTES, Writer

FIRST_WAIT_SECONDS = 1.0
MAX_WAIT_SECONDS = 30.0
LOGIN = "the login is left out"


class RecordingFailed(Exception):
    """The venue refuses the session, and would again."""


class Recorder:
    """Connects to a venue, subscribes, and writes frames until it is stopped; again after a cut.

    Of a login only that there was one is written. `refused` has the symbols that the venue does not
    know, `trouble` why the last connection failed or ended.
    """

    def __init__(
        self, venue: type[Venue], url: str, symbols: Sequence[str], writer: Writer
    ) -> None:
        self._venue = venue
        self._url = url
        self._symbols = symbols
        self._writer = writer
        self._began = time.monotonic()
        self.refused: set[str] = set()
        self.trouble = ""

    @property
    def frames(self) -> int:
        """How many have come."""
        return self._writer.frames

    async def run(self, stop: asyncio.Event) -> None:
        """Record until `stop` is set, and close the file as a whole one. Raises RecordingFailed."""
        recording = asyncio.ensure_future(self._keep())
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait((recording, stopping), return_when=asyncio.FIRST_COMPLETED)
            if recording.done():
                recording.result()
        finally:
            for task in (recording, stopping):
                task.cancel()
            await asyncio.gather(recording, stopping, return_exceptions=True)
        self._writer.end(self._now())

    async def _keep(self) -> None:
        wait = FIRST_WAIT_SECONDS
        while True:
            frames = self.frames
            try:
                await self._session()
            except InvalidStatus as error:
                status = error.response.status_code
                self.trouble = f"{self._venue.name} answers with the status {status}"
                if self._venue().is_fatal(status):
                    raise RecordingFailed(self.trouble) from None
            except (OSError, InvalidHandshake, TimeoutError) as error:
                self.trouble = f"{self._venue.name} cannot be reached: {error}"
            wait = FIRST_WAIT_SECONDS if self.frames > frames else wait * 2
            await asyncio.sleep(min(wait, MAX_WAIT_SECONDS))

    async def _session(self) -> None:
        venue = self._venue()
        async with connect(self._url, max_size=MAX_FRAME_BYTES, max_queue=None) as socket:
            self._writer.write(self._now(), "open", _plain(self._url))
            asking = asyncio.ensure_future(self._ask(venue, socket))
            try:
                async for frame in socket:
                    text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
                    self._writer.write(self._now(), "in", text)
                    self._note(venue, text)
            except ConnectionClosed:
                pass
            finally:
                asking.cancel()
                with suppress(asyncio.CancelledError, ConnectionClosed):
                    await asking
            code, reason = socket.close_code or 1006, socket.close_reason or ""
            self._writer.write(self._now(), "close", f"{code} {reason}".rstrip())
            self.trouble = f"{self._venue.name} has closed the connection: {code} {reason}".rstrip()

    def _note(self, venue: Venue, text: str) -> None:
        for event in venue.read(text):
            if isinstance(event, Refused):
                self.refused.add(event.symbol)
            elif isinstance(event, Failed) and event.is_fatal:
                raise RecordingFailed(f"{self._venue.name} refuses: {event.reason}")

    async def _ask(self, venue: Venue, socket: ClientConnection) -> None:
        """Log in and subscribe, no faster than the venue allows; then ping if it wants pings."""
        limits = venue.limits
        for text in venue.opening():
            await socket.send(text)
            self._writer.write(self._now(), "out", LOGIN)
        for first in range(0, len(self._symbols), limits.symbols_a_frame):
            for text in venue.subscribe(self._symbols[first : first + limits.symbols_a_frame]):
                await self._send(socket, text)
                await asyncio.sleep(1 / limits.frames_a_second)
        while limits.ping_seconds is not None and (ping := venue.ping()) is not None:
            await self._send(socket, ping)
            await asyncio.sleep(limits.ping_seconds)

    async def _send(self, socket: ClientConnection, text: str) -> None:
        await socket.send(text)
        self._writer.write(self._now(), "out", text)

    def _now(self) -> int:
        return int((time.monotonic() - self._began) * 1_000_000)


def _plain(url: str) -> str:
    """Return an address without what follows its path, which may be a key."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
