"""Give a statement many rows as one parameter.

A parameter per value costs the driver more than all else: it reads the text of the statement for
each place and quotes each value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from django.db import connection


def given(columns: Mapping[str, str]) -> str:
    """Return a SELECT of the rows in one parameter, which `parameter` makes.

    `columns` maps names to types of PostgreSQL, as text, bigint or interval; SQLite takes values
    as JSON has them. A text with NUL is an error, as it is in a parameter of its own.
    """
    if connection.vendor == "postgresql":
        chosen = ", ".join(
            f"(item->>{place})::{kind} AS {name}"
            for place, (name, kind) in enumerate(columns.items())
        )
        return f"SELECT {chosen} FROM json_array_elements(%s) item"
    chosen = ", ".join(f"json_extract(value, '$[{n}]') AS {name}" for n, name in enumerate(columns))
    return f"SELECT {chosen} FROM json_each(%s)"


def parameter(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as the parameter of `given`; values are texts, numbers and None."""
    return msgspec.json.encode([*rows]).decode()
