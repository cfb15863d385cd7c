"""A `traceparent` is taken whole, or not at all."""

from __future__ import annotations

import pytest

from hoardrun.telemetry import traceparent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_one_of_the_right_form_is_taken() -> None:
    assert traceparent.given(f"00-{TRACE}-{SPAN}-01".encode()) == f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"00-{TRACE}-{SPAN}",
        f"01-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01 ",
        f"00-{TRACE}-{SPAN}-01\n",
    ],
)
def test_any_other_is_none(text: str) -> None:
    assert traceparent.given(text.encode()) == ""
