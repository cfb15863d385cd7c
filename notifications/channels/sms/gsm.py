"""The letters of an SMS (GSM 03.38), what is written in place of others, and segments. Pure.

One character that the table does not have turns the whole message into UCS-2, which takes less
than half as many. Blanks, quotes and dashes are therefore replaced; letters never are, since a
name is not to be mutilated.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

# The place of each in the table is its code; 0x1B is the escape to the second table.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Those that take two places: the escape, and one of these codes.
EXTENDED = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F,
    "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
_COST = dict.fromkeys(BASIC.replace("\x1b", ""), 1) | dict.fromkeys(EXTENDED, 2)

GSM_ALONE, GSM_PART = 160, 153  # septets of a message of one segment, of each of several
UCS2_ALONE, UCS2_PART = 70, 67  # UTF-16 units

_REPLACED = str.maketrans(
    # Blanks; Babel writes U+00A0 and U+202F into amounts and times.
    dict.fromkeys("\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008", " ")
    | dict.fromkeys("\u2009\u200a\u202f\u205f\u3000", " ")
    | dict.fromkeys("\u2028\u2029", "\n")
    # Invisible marks.
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", "")
    | dict.fromkeys("‘’‚‛′`´ʼʹ‹›", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("‐‑‒–—―−•·", "-")
    | {"…": "..."}
)


class Size(NamedTuple):
    """The length of an SMS: `used` units of its coding, of the `room` that its segments have."""

    coding: str
    used: int
    room: int
    segments: int


def replace(text: str) -> str:
    """Write blanks, quotes and dashes as an SMS has them; letters stay as they are."""
    return unicodedata.normalize("NFC", text).translate(_REPLACED)


def is_gsm(text: str) -> bool:
    """Say whether the table has each character of a text."""
    return all(character in _COST for character in text)


def strangers(text: str) -> frozenset[str]:
    """Return the characters that turn a message into UCS-2, for previews."""
    return frozenset(character for character in text if character not in _COST)


def segments(text: str) -> int:
    """Count the segments that a message is sent, and paid, as. An empty one is one."""
    return size(text).segments


def size(text: str) -> Size:
    """Measure a message."""
    if is_gsm(text):
        costs = [_COST[character] for character in text]
        return _size("GSM-7", costs, GSM_ALONE, GSM_PART)
    costs = [2 if ord(character) > 0xFFFF else 1 for character in text]
    return _size("UCS-2", costs, UCS2_ALONE, UCS2_PART)


def _size(coding: str, costs: list[int], alone: int, part: int) -> Size:
    count = _packed(costs, alone, part)
    return Size(coding, sum(costs), alone if count == 1 else count * part, count)


def _packed(costs: Iterable[int], alone: int, part: int) -> int:
    """Count parts; a character of two units is never divided between two."""
    total, count, free = 0, 1, part
    for cost in costs:
        total += cost
        if cost > free:
            count, free = count + 1, part
        free -= cost
    return 1 if total <= alone else count
