"""Bytes after a handshake that break RFC 6455 in one way or another."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from random import Random

from tests.services.frames import BINARY, CLOSE, PING, PONG, TEXT, frame

Maker = Callable[[Random], bytes]

COMMAND = b'{"type":"ping","id":"f"}'


def _some(random: Random, most: int = 200) -> bytes:
    return random.randbytes(random.randrange(most))


FAMILIES: dict[str, Maker] = {
    "noise": lambda r: r.randbytes(r.randrange(1, 400)),
    "reserved bits": lambda r: frame(TEXT, COMMAND, rsv=r.randrange(1, 8)),
    "reserved opcodes": lambda r: frame(r.choice([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), _some(r)),
    "control frames too long": lambda r: frame(r.choice([CLOSE, PING, PONG]), r.randbytes(126)),
    "control frames in pieces": lambda r: frame(r.choice([CLOSE, PING, PONG]), b"x", fin=False),
    "unmasked": lambda r: frame(r.choice([TEXT, BINARY, PING]), _some(r), masked=False),
    "lengths of another size": lambda r: frame(
        TEXT, _some(r, 120), length=r.choice([0, 1, 126, 65_535, 65_537, 1 << 31, 1 << 62])
    ),
    "lengths with the sign bit": lambda r: b"\x81\xff" + b"\xff" * 8 + r.randbytes(20),
    "truncated": lambda r: frame(TEXT, COMMAND * 3)[: r.randrange(1, 70)],
    "continuation of nothing": lambda r: frame(0, _some(r)),
    "messages inside messages": lambda r: frame(TEXT, b"{", fin=False) + frame(TEXT, COMMAND),
    "not UTF-8": lambda r: frame(TEXT, b'{"type":"' + r.randbytes(20) + b"\xff"),
    "half a character": lambda r: frame(TEXT, "é".encode()[:1], fin=r.random() < 0.5),
    "close codes": lambda r: frame(
        CLOSE, r.choice([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535]).to_bytes(2, "big")
    ),
    "close reasons": lambda r: frame(CLOSE, (1000).to_bytes(2, "big") + b"\xff\xfe" + _some(r, 50)),
    "half a close code": lambda r: frame(CLOSE, b"\x03"),
    "a message behind a close": lambda r: (
        frame(CLOSE, (1000).to_bytes(2, "big")) + frame(TEXT, COMMAND)
    ),
    "compressed noise": lambda r: frame(TEXT, r.randbytes(r.randrange(1, 300)), rsv=4),
    "a compressed control frame": lambda r: frame(PING, b"x", rsv=4),
    "pings in plenty": lambda r: frame(PING, b"p") * r.randrange(2, 200),
    "pieces in plenty": lambda r: (
        frame(TEXT, b"{", fin=False) + frame(0, b" ", fin=False) * r.randrange(2, 500)
    ),
    "bits flipped": lambda r: _flipped(r, frame(TEXT, COMMAND) * 3),
}


def _flipped(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.randrange(1, 6)):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def bomb(mebibytes: int, pieces: int, window_bits: int) -> bytes:
    """Compress `mebibytes` of zero bytes into one message of `pieces` frames."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -window_bits)
    nothing = bytes(1 << 20)
    packed = b"".join(packer.compress(nothing) for _ in range(mebibytes))
    packed += packer.flush(zlib.Z_SYNC_FLUSH)
    packed = packed[:-4]
    size = -(-len(packed) // pieces)
    parts = [packed[at : at + size] for at in range(0, len(packed), size)]
    return b"".join(
        frame(TEXT if n == 0 else 0, part, fin=n == len(parts) - 1, rsv=4 if n == 0 else 0)
        for n, part in enumerate(parts)
    )
