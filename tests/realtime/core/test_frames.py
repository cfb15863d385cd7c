"""Frames of the WebSocket protocol, plain and compressed."""

from __future__ import annotations

import zlib

import pytest

from realtime.core.frames import WINDOW_BITS, Frame
from tests.services.frames import split

FIN_TEXT, COMPRESSED = 0x81, 0xC1


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_message_of_any_size_is_one_final_text_frame(size: int) -> None:
    frame = Frame(b"x" * size)
    assert split(frame.wire) == [(FIN_TEXT, b"x" * size)]
    assert (frame.data, frame.text) == (b"x" * size, "x" * size)
    assert frame.size == len(frame.wire)


def test_each_compressed_message_inflates_alone() -> None:
    data = b'{"title":"Amina Nakato"}' * 400  # longer than the window
    for frame in (Frame(data), Frame(data[:1000])):
        [(first, payload)] = split(frame.deflated)
        assert first == COMPRESSED
        assert len(payload) < len(frame.data) / 5
        inflater = zlib.decompressobj(-WINDOW_BITS)  # no context of an earlier message
        assert inflater.decompress(payload + b"\x00\x00\xff\xff") == frame.data


def test_a_frame_is_compressed_once() -> None:
    frame = Frame(b"x" * 1000)
    assert frame.deflated is frame.deflated


@pytest.mark.parametrize("data", [b'{"type":"pong"}', bytes(range(256))])
def test_a_frame_that_does_not_shrink_is_not_compressed(data: bytes) -> None:
    frame = Frame(data)
    assert frame.deflated is frame.wire
