"""WebSocket frames on raw bytes (RFC 6455, section 5.2): right ones, and wrong ones on purpose."""

from __future__ import annotations

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    length: int | None = None,
    key: bytes = b"\x01\x02\x03\x04",
) -> bytes:
    """Write a client's frame, or a server's if not `masked`; `length` is what it claims."""
    size = len(payload) if length is None else length
    head = bytes([fin << 7 | rsv << 4 | opcode])
    mask = masked << 7
    if size < 126:
        head += bytes([mask | size])
    elif size < 1 << 16:
        head += bytes([mask | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([mask | 127]) + size.to_bytes(8, "big")
    if not masked:
        return head + payload
    pad = (key * (len(payload) // 4 + 1))[: len(payload)]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")
    return head + key + number.to_bytes(len(payload), "big")


def header(data: bytes, position: int = 0) -> tuple[int, int, int] | None:
    """Return opcode, start and end of a server's frame at `position`; None if it is not whole."""
    if len(data) < position + 2:
        return None
    length = data[position + 1] & 0x7F
    start = position + 2
    if length > 125:
        size = 2 if length == 126 else 8
        start += size
        if len(data) < start:
            return None
        length = int.from_bytes(data[start - size : start], "big")
    if len(data) < start + length:
        return None
    return data[position] & 0x0F, start, start + length


def split(data: bytes) -> list[tuple[int, bytes]]:
    """Take whole frames of a server apart: the first byte and the payload of each."""
    found, at = [], 0
    while (here := header(data, at)) is not None:
        first = data[at]
        _, start, at = here
        found.append((first, data[start:at]))
    assert at == len(data), "a frame that is whole"
    return found
