"""Tables of cases for `parametrize`, which say once what several cases share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest


def each(table: Mapping[str, Sequence[Any]], *before: Any) -> list[Any]:
    """Return a case of a name and a value for each value of each name; `before` begins each."""
    return [
        pytest.param(
            *before, name, value, id="-".join([*map(str, before), name, _shown(value, at)])
        )
        for name, values in table.items()
        for at, value in enumerate(values)
    ]


def _shown(value: Any, at: int) -> str:
    # Of other values the place: each process that collects the tests must name them alike, and
    # some values hold the time or an address.
    return value[:40] if isinstance(value, str) and value.isascii() else f"#{at}"
