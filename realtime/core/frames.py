"""One message, encoded and framed once for all sockets that it goes to."""

from __future__ import annotations

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode

# The answer to a client that asks for compression. Without context takeover the same
# bytes fit every socket; a window of 4 KiB holds the messages that we send.
WINDOW_BITS = 12
COMPRESS_SETTINGS = {"memLevel": 5}
# Below this, deflate saves less than a packet header and costs more than the copy.
MIN_DEFLATED_BYTES = 160
_TEXT = 0x80 | Opcode.TEXT  # the last, and only, frame of a message
_TEXT_AND_16_BITS, _TEXT_AND_64_BITS = bytes((_TEXT, 126)), bytes((_TEXT, 127))

_deflate = PerMessageDeflate(True, True, WINDOW_BITS, WINDOW_BITS, COMPRESS_SETTINGS)


def _framed(data: bytes) -> bytes:
    """Put the header of an unmasked text frame before a message (RFC 6455, section 5.2).

    The library does so for any frame, and takes ten times as long.
    """
    size = len(data)
    if size < 126:
        return bytes((_TEXT, size)) + data
    if size < 1 << 16:
        return _TEXT_AND_16_BITS + size.to_bytes(2, "big") + data
    return _TEXT_AND_64_BITS + size.to_bytes(8, "big") + data


class Frame:
    """One encoded message, shared by all sockets that it goes to.

    `wire` is its JSON as an unmasked WebSocket text frame (RFC 6455, section 5.2),
    `size` the length of that in bytes, `kind` the message's type, for meters.
    """

    __slots__ = ("_deflated", "_header_bytes", "_text", "kind", "size", "wire")

    def __init__(self, data: bytes, kind: str = "") -> None:
        size = len(data)
        if 126 <= size < 1 << 16:  # as nearly all are
            self.wire = _TEXT_AND_16_BITS + size.to_bytes(2, "big") + data
            self._header_bytes = 4
        else:
            self.wire = _framed(data)
            self._header_bytes = len(self.wire) - size
        self.kind = kind
        self.size = size + self._header_bytes
        self._deflated: bytes | None = None
        self._text: str | None = None

    @property
    def data(self) -> bytes:
        """The JSON; a copy, so that what waits for a socket waits there once."""
        return self.wire[self._header_bytes :]

    @property
    def text(self) -> str:
        """The message as text, decoded once, for servers that frame for themselves."""
        if self._text is None:
            self._text = self.data.decode()
        return self._text

    @property
    def deflated(self) -> bytes:
        """The finished frame compressed once (RFC 7692), or as it is where that is shorter."""
        if self._deflated is None:
            self._deflated = self.wire
            if self.size >= MIN_DEFLATED_BYTES:
                frame = WebSocketFrame(Opcode.TEXT, self.data)
                finished = bytes(frame.serialize(mask=False, extensions=[_deflate]))
                if len(finished) < len(self.wire):
                    self._deflated = finished
        return self._deflated
