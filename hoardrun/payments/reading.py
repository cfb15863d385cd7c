"""Read the JSON that providers write, as strictly as money asks for. Pure.

Numbers become Decimal, so that 1.00 stays 1.00. What is refused is kept as bytes by whoever
received it: `Unreadable` loses nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

MAX_BYTES = 64 * 1024
MAX_TEXT = 200
# An amount in plain digits, as providers write it in text. Exponents and blanks are none.
_PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]{1,10})?")
_LARGEST = Decimal(10) ** 15


class Unreadable(ValueError):
    """A body that is no JSON object as we accept it; the text says why, in a word."""


def read_object(raw: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises Unreadable: size, syntax, duplicate, number or shape."""
    if len(raw) > MAX_BYTES:
        raise Unreadable("size")
    try:
        found = json.loads(
            raw.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_refuse,
            object_pairs_hook=_unique,
        )
    except Unreadable:
        raise
    # Integers of thousands of digits raise ValueError, a thousand brackets RecursionError.
    except (ValueError, RecursionError):
        raise Unreadable("syntax") from None
    if not isinstance(found, dict):
        raise Unreadable("shape")
    return found


def part(of: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the object at a path; an empty one where there is none."""
    found: object = of
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def text(value: object) -> str:
    """Return what is text or a whole number as text, cut to a length that can be stored."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return _storable(str(value)[:MAX_TEXT]).replace("\x00", "")


def code(value: object) -> str:
    """Return a code exactly as it was written, to be looked up in a table.

    Only an int and the text of the same digits are equal: `False`, `0.0`, `"00"` and `" 0"` are
    none of them 0.
    """
    if isinstance(value, bool) or value is None:
        return ""
    if not isinstance(value, str | int | Decimal):
        return ""
    # A NUL, which no database stores, must not vanish: the rest might be a code.
    return _storable(str(value)[:MAX_TEXT]).replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _storable(text: str) -> str:
    """Replace halves of characters, which JSON can name and no database stores."""
    return text.encode("utf-8", "replace").decode()


def amount(value: object) -> Decimal | None:
    """Return an amount that is text in plain digits or a number; None for all else."""
    if isinstance(value, str):
        return Decimal(value) if _PLAIN.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value) if 0 <= value < _LARGEST else None


def _refuse(constant: str) -> Any:
    raise Unreadable("number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("duplicate")
    return found
