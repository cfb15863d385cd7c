"""Write numbers as texts, and texts that are numbers as numbers. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}(\.[0-9]+)?")


class _Number(str):
    """A number as it was written."""


def swapped(body: bytes) -> bytes:
    """Return a JSON body with both kinds of values in place of each other."""
    value = json.loads(body, parse_int=_Number, parse_float=_Number)
    return json.dumps(_swap(value)).encode()


def _swap(value: Any) -> Any:
    match value:
        case dict():
            return {name: _swap(each) for name, each in value.items()}
        case list():
            return [_swap(each) for each in value]
        case _Number():
            return str(value)
        case str() if _NUMBER.fullmatch(value):
            return float(value) if "." in value else int(value)
    return value
