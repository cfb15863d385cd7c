"""The interface between a socket and its ASGI server: `Writer` out, `Listener` in.

The hub knows no more of a server than `Writer`. Our uvicorn protocol offers one in the
scope's `extensions`; for any other server, `realtime.servers.asgi` makes one of ASGI's `send`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from realtime.core.frames import Frame
from realtime.protocol.codes import CloseCode

# Under this name in the scope's `extensions`, a server of ours offers its Writer.
LOST = 1006  # the code of a connection that ended without a close frame
EXTENSION = "hoardrun.transport"


class Listener(Protocol):
    """Receives what happens on a socket. All calls come from the event loop's thread."""

    @property
    def busy(self) -> bool:
        """True while a message is being worked on: read no more until it is done."""

    def put_nowait(self, event: Any) -> None:
        """Take an ASGI event; named as in asyncio.Queue, whose place this takes."""

    def held(self) -> None:
        """Stop writing for now."""

    def resumed(self) -> None:
        """Go on writing."""

    def server_stops(self) -> None:
        """Say goodbye: the server is about to stop, and leaves the closing to us."""


class Writer(Protocol):
    """Takes finished messages. Call `write` only while `paused` is false."""

    paused: bool
    # True if we send the pings (False for a server with its own), and true if the
    # client gave a sign of life since `heard` was last set to false.
    needs_pings: bool
    heard: bool
    # True if this client gets `Frame.deflated`; and the call that takes finished bytes at once
    # (None: there is only `write`). Like `write`, it is called while `paused` is false.
    deflates: bool
    pipe: Callable[[bytes], None] | None

    @property
    def has_left(self) -> bool:
        """True if the client has closed its side, as far as the server can tell by now."""

    def take_over(self, listener: Listener) -> None:
        """Send all later events to `listener`; our own server stops calling the application."""

    def write(self, frames: Sequence[Frame]) -> None:
        """Send messages, in order and at once. Messages to a client that is gone are dropped."""

    def ping(self) -> None:
        """Ask the client for a sign of life."""

    def last_ping(self) -> tuple[float | None, float | None]:
        """Return the seconds that the last answered ping took, and since one has no answer.

        None of both where the server sends the pings.
        """

    def resume_reading(self) -> None:
        """Go on reading after `Listener.busy`."""

    def close(self, code: CloseCode) -> None:
        """Close; while `paused`, without what was not sent yet. Ends in a disconnect event."""

    def abort(self) -> None:
        """Drop the connection: its client does not even read the close frame."""
