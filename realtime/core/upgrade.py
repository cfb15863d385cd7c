"""The opening handshake of a WebSocket in its usual form (RFC 6455, section 4.2).

The library judges one of any form, which takes ten times as long. A handshake
that has not exactly the usual form, as browsers and clients write it, is left to the library: it
accepts, or says what is wrong.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

Headers = Sequence[tuple[bytes, bytes]]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONNECTION = {b"upgrade", b"keep-alive, upgrade"}
_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")
_TOKEN = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
_PROTOCOLS = re.compile(rb"%b(?:, ?%b)*" % (_TOKEN, _TOKEN))
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_ONCE = {
    *(b"connection", b"upgrade", b"origin", b"sec-websocket-key", b"sec-websocket-version"),
    *(b"sec-websocket-protocol", b"sec-websocket-extensions"),
}
_SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
)


def read_usual(method: bytes, version: str, headers: Headers) -> tuple[bytes, bytes] | None:
    """Return the key and the offered extensions of a usual handshake; None for any other.

    Names of headers are in lower case.
    """
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _ONCE:
            if name in found:
                return None
            found[name] = value
    key = found.get(b"sec-websocket-key", b"")
    is_usual = (
        method == b"GET"
        and version == "1.1"
        and found.get(b"upgrade", b"").lower() == b"websocket"
        and found.get(b"connection", b"").lower() in _CONNECTION
        and found.get(b"sec-websocket-version") == b"13"
        and _KEY.fullmatch(key) is not None
        and found.get(b"sec-websocket-extensions") != b""
        and _PROTOCOLS.fullmatch(found.get(b"sec-websocket-protocol", b"-")) is not None
        and all_values(headers)
    )
    return (key, found.get(b"sec-websocket-extensions", b"")) if is_usual else None


def all_values(headers: Headers) -> bool:
    """Return True if all values of headers may be sent: none holds the end of a line."""
    return _VALUE.fullmatch(b"".join([value for _, value in headers])) is not None


def accept_key(key: bytes) -> bytes:
    """Return the proof that a key was read."""
    return base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())


def answer(accepted: bytes, headers: Headers) -> bytes:
    """Write the answer to a handshake. Raises ValueError for a header that cannot be sent."""
    if not all_values(headers):
        raise ValueError("a header of the answer to a handshake holds the end of a line")
    lines = [b"%b: %b\r\n" % pair for pair in headers]
    return b"".join([_SWITCHING, accepted, b"\r\n", *lines, b"\r\n"])
