"""How a socket's messages leave and arrive, whatever the ASGI server.

The hub knows no more of a server than `Writer`. A server of ours offers one in the
scope's `extensions`; on every other, `realtime.servers.asgi` makes one of ASGI's `send`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from realtime.core.frames import Frame
from realtime.protocol.codes import CloseCode

# Under this name in the scope's `extensions`, a server of ours offers its Offer.
EXTENSION = "hoardrun.transport"


class Listener(Protocol):
    """Who is told what happens on a socket. All calls come from the event loop's thread."""

    @property
    def busy(self) -> bool:
        """Whether a message is still being worked on: read no more until it is done."""

    def put_nowait(self, event: Any) -> None:
        """Take an ASGI event; named as in asyncio.Queue, whose place this takes."""

    def held(self) -> None:
        """Hear that nothing more may be written for now."""

    def resumed(self) -> None:
        """Hear that writing may go on."""

    def server_stops(self) -> None:
        """Say goodbye: the server is about to stop, and leaves the closing to us."""


class Writer(Protocol):
    """Where finished messages go. `write` only while `paused` is false."""

    paused: bool
    # Whether we are to send pings (a server with its own says no), and whether the
    # client was heard of since `heard` was last set to false.
    needs_pings: bool
    heard: bool
    # Whether this client is sent `Frame.deflated`, and what takes finished bytes at once
    # (None: there is only `write`). Like `write`, it is called while `paused` is false.
    deflates: bool
    pipe: Callable[[bytes], None] | None

    def write(self, frames: Sequence[Frame]) -> None:
        """Send messages, in order and at once. What was sent to the gone is dropped."""

    def ping(self) -> None:
        """Ask the client for a sign of life."""

    def resume_reading(self) -> None:
        """Go on reading after `Listener.busy`."""

    def close(self, code: CloseCode) -> None:
        """Close; while `paused`, without what was not sent yet. Ends in a disconnect event."""

    def abort(self) -> None:
        """Drop the connection: its client does not even read the close frame."""


class Offer(Writer, Protocol):
    """What a server of ours offers: a Writer that takes a listener in place of `receive`."""

    def take_over(self, listener: Listener) -> None:
        """Tell `listener` everything from now on; the application may return."""
