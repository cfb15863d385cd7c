"""The push service of a benchmark: where a request ends."""

from __future__ import annotations

import pytest

from bench.peers.centre.service import whole

ONE = b"POST /p/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"


@pytest.mark.parametrize(
    ("data", "length"),
    [
        (ONE, len(ONE)),
        (ONE + ONE, len(ONE)),
        (ONE[:-1], None),
        (ONE[:20], None),
        (b"", None),
        (b"GET / HTTP/1.1\r\n\r\n", 18),
    ],
)
def test_a_request_ends_with_its_body(data, length):
    assert whole(data) == length
