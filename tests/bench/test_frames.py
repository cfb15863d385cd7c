"""Markers are found wherever the bytes are cut."""

from __future__ import annotations

import pytest

from bench.frames import Chunk, marker
from bench.publishers import MESSAGE_BYTES, message
from tests.services.frames import CLOSE, PING, TEXT
from tests.services.frames import frame as written


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    return written(opcode, payload, masked=False)


STREAM = b"".join(
    [
        frame(f'{{"message":"{marker(0, 111)}"}}'.encode()),
        frame(b"4711", PING),
        frame(message(1, 222).encode()),
        frame(b"x" * 70_000 + marker(2, 333).encode()),
    ]
)


def read(pieces: list[bytes]) -> list[Chunk]:
    """Read pieces as the client does: what is not whole waits for the next."""
    chunks: list[Chunk] = []
    tail = b""
    for piece in pieces:
        chunks.append(Chunk(tail + piece))
        tail = chunks[-1].tail
    assert tail == b""
    return chunks


@pytest.mark.parametrize("cut", [1, 2, 3, 15, 16, 20, 30, 40, 200, 290, 300, 5_000])
def test_a_cut_loses_nothing_and_doubles_nothing(cut: int) -> None:
    chunks = read([STREAM[:cut], STREAM[cut:]])
    assert [n for chunk in chunks for n in chunk.numbers] == [0, 1, 2]
    assert [at for chunk in chunks for at in chunk.published] == [111, 222, 333]
    assert [ping for chunk in chunks for ping in chunk.pings] == [b"4711"]


def test_byte_by_byte() -> None:
    stream = STREAM[:310]
    chunks = read([stream[i : i + 1] for i in range(0, 300)] + [STREAM[300:]])
    assert [n for chunk in chunks for n in chunk.numbers] == [0, 1, 2]


def test_a_marker_outside_of_a_whole_frame_does_not_count_yet() -> None:
    data = frame(marker(0, 1).encode())
    assert Chunk(data[:-1]).numbers == []
    assert Chunk(data[:-1]).tail == data[:-1]


def test_whether_numbers_follow_each_other() -> None:
    def chunk(*numbers: int) -> Chunk:
        return Chunk(b"".join(frame(marker(number, 1).encode()) for number in numbers))

    assert chunk(3, 4, 5).follows
    assert not chunk(3, 5).follows
    assert not chunk(4, 3).follows
    assert not chunk(3, 3).follows


def test_a_close_frame_is_seen() -> None:
    assert Chunk(frame((1011).to_bytes(2, "big"), CLOSE)).closed == b"\x03\xf3"
    assert Chunk(frame(b"text")).closed is None


def test_messages_have_the_same_size_with_every_marker() -> None:
    sizes = {len(message(number, moment)) for number in (0, 99, 12_345) for moment in (1, 10**15)}
    assert sizes == {MESSAGE_BYTES}


def test_messages_count_once_each_with_a_number_or_without() -> None:
    stream = (
        frame(b'{"type":"market_update"}') + frame(b"4711", PING) + frame(message(1, 2).encode())
    )
    for cut in (1, 10, 30, len(stream) - 1):
        assert sum(chunk.texts for chunk in read([stream[:cut], stream[cut:]])) == 2
