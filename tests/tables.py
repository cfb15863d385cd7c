"""Tables of cases for `parametrize`, which say once what several cases share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest


def each(table: Mapping[str, Sequence[Any]], *before: Any) -> list[Any]:
    """Return a case of a name and a value for each value of each name; `before` begins each."""
    return [
        pytest.param(*before, name, value, id="-".join(map(_shown, (*before, name, value))))
        for name, values in table.items()
        for value in values
    ]


def _shown(value: Any) -> str:
    if isinstance(value, str) and value.isascii():
        return value[:40]
    try:
        return ascii(value)[:40]
    except ValueError:  # a number of more digits than Python writes
        return type(value).__name__
