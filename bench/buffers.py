"""Read the bytes that the kernel holds for a server's clients, from its diagnostics. Linux only."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
_BY_FAMILY, _DONE, _ERROR = 20, 3, 2  # types of netlink messages
_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, sender
_MEMORY = 7  # INET_DIAG_SKMEMINFO
_ESTABLISHED = 1 << 1
_ANSWER_BYTES = 72  # of `struct inet_diag_msg`, which the attributes follow
_PORT_AT = 4  # the local port in it
_QUEUED = 5  # SK_MEMINFO_WMEM_QUEUED


def queued_kib(port: int) -> float:
    """Memory of what was written to clients of this machine's `port` and waits in the kernel.

    That is more than the bytes that wait: the kernel's own records of them count.
    """
    return sum(queued for local, queued in _sockets() if local == port) / 1024


def _sockets() -> Iterator[tuple[int, int]]:
    """Yield the local port and the queued bytes of every open connection over IPv4."""
    query = struct.pack("=BBBBI48x", socket.AF_INET, socket.IPPROTO_TCP, 1 << (_MEMORY - 1), 0,
                        _ESTABLISHED)  # fmt: skip
    header = _HEADER.pack(_HEADER.size + len(query), _BY_FAMILY, _DUMP, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as diagnostics:
        diagnostics.send(header + query)
        while True:
            for kind, body in _parts(diagnostics.recv(1 << 16), _HEADER.size):
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    raise OSError("the kernel does not tell about its sockets")
                (local,) = struct.unpack_from("!H", body, _PORT_AT)
                for attribute, value in _parts(body[_ANSWER_BYTES:], 4):
                    if attribute == _MEMORY:
                        yield local, struct.unpack_from("=9I", value)[_QUEUED]


def _parts(data: bytes, header: int) -> Iterator[tuple[int, bytes]]:
    """Split netlink messages, whose length has 4 bytes, or attributes, where it has 2."""
    position = 0
    while position < len(data):
        length, kind = struct.unpack_from("=HH" if header == 4 else "=IH", data, position)
        yield kind, data[position + header : position + length]
        position += (length + 3) & ~3
