"""Frames and handshakes by hand are what a server understands."""

from __future__ import annotations

import pytest

from tests.services.frames import TEXT, frame, header
from tests.services.handshake import offer


@pytest.mark.parametrize("size", [0, 5, 125, 126, 4000, 70_000])
def test_a_masked_frame_is_what_a_server_unmasks(size: int) -> None:
    payload = bytes(i % 251 for i in range(size))
    sent, plain = frame(TEXT, payload), frame(TEXT, payload, masked=False)
    start = len(sent) - size
    mask = sent[start - 4 : start]
    assert sent[1] & 0x80
    assert bytes(b ^ mask[i % 4] for i, b in enumerate(sent[start:])) == payload
    assert bytes((sent[0], sent[1] & 0x7F)) + sent[2 : start - 4] == plain[: start - 4]
    assert header(plain) == (TEXT, start - 4, len(plain))
    assert header(plain[:-1]) is None


def test_the_handshake_offers_no_compression() -> None:
    request = offer(1, "/ws", [("Authorization", "Bearer abc")]).decode()
    assert request.startswith("GET /ws HTTP/1.1\r\n")
    assert request.endswith("Authorization: Bearer abc\r\n\r\n")
    assert "Extensions" not in request
