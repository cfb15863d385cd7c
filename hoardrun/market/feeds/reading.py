"""What the protocols of all venues read alike: JSON with exact numbers, and refusals. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Raw

MAX_REASON = 200
MAX_MAGNITUDE = 18  # no price and no volume has so many digits before or after its point
T = TypeVar("T")
BadFrame = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)


class TooMany(ValueError):
    """The venue's HTTP API asks for a pause, in the body of its answer."""


def decoded(decoder: msgspec.json.Decoder[T], body: bytes | Raw) -> T:
    """Decode an answer of an HTTP API. Raises ValueError."""
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(clipped(f"An answer cannot be read: {error}")) from None


def check(*values: Decimal | None, size: Decimal | None = None) -> None:
    """Raise ValueError if a number is none: NaN and Infinity come in texts, 1e999 in JSON.

    `size` is the size of a trade, or a volume: it is not negative either. Whether prices are
    positive is for the gate to say, which counts them.
    """
    for value in (*values, size):
        if value is None:
            continue
        if not value.is_finite() or (value and abs(value.adjusted()) > MAX_MAGNITUDE):
            raise ValueError(f"{value} is no number of a market.")
    if size is not None and size < 0:
        raise ValueError(f"{size} is no size.")


def clipped(text: str) -> str:
    """Return a venue's words in one line, no longer than what is shown of them."""
    return " ".join(text.split())[:MAX_REASON]


def frame(message: object) -> str:
    """Write a frame of JSON."""
    return msgspec.json.encode(message).decode()
