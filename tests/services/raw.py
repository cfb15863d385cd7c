"""A WebSocket client that shows the bytes as they came, and answers nothing by itself.

The test decides if its bytes are right or wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.services import frames, handshake
from tests.services.stream import ByteStream


@dataclass(frozen=True)
class RawFrame:
    """One frame of the server: its opcode, whether it is compressed, its bytes as they came."""

    opcode: int
    compressed: bool
    payload: bytes


class RawClient(ByteStream):
    """One connection; `extensions` is what the server agreed to, empty for nothing."""

    def __init__(self, ws_url: str, token: str = "", *, offer: str | None = None) -> None:
        address = urlsplit(ws_url)
        assert address.port
        super().__init__(address.port)
        headers = {"Authorization": f"Bearer {token}" if token else None}
        headers["Sec-WebSocket-Extensions"] = offer
        given = [(name, value) for name, value in headers.items() if value]
        self.send(handshake.offer(address.port, address.path, given))
        status, answered = handshake.parse(self.until(b"\r\n\r\n"))
        assert status == 101, answered
        self.extensions = answered.get("sec-websocket-extensions", "")

    def receive(self) -> RawFrame:
        """Return the next frame; raises TimeoutError when none comes, EOFError at the end."""
        while (found := frames.header(self.rest)) is None:
            self.more()
        opcode, start, end = found
        data = self.read(end)
        return RawFrame(opcode, bool(data[0] & 0x40), data[start:])
