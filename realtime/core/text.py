"""Text that every database stores and every encoding writes, and ids written as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

NOT_TEXT = "Holds characters that are not text (NUL, or half of a pair); remove them."
MAX_ID = 2**63 - 1  # of a row
_SHOWN = 3  # names in a sentence
_FLAW = re.compile("[\x00\ud800-\udfff]")


def is_text(value: str) -> bool:
    """Say whether a text holds neither NUL, which PostgreSQL refuses, nor a lone surrogate."""
    return _FLAW.search(value) is None


def all_text(value: Any) -> bool:
    """Say whether every text within a JSON value is one, names included; without recursion."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                if not is_text(text):
                    return False
            case Mapping() as pairs:
                waiting += pairs.keys()
                waiting += pairs.values()
            case list() as items:
                waiting += items
    return True


def row_id(value: int | str) -> int:
    """Read the id of a row from outside; 0, which no row has, if it cannot be one."""
    text = str(value)
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID))
    return int(text) if is_number and int(text) <= MAX_ID else 0


def some_of(names: Sequence[str]) -> str:
    """List names for a sentence: the first few of them, and how many more there are."""
    shown = ", ".join(map(repr, names[:_SHOWN]))
    more = len(names) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
