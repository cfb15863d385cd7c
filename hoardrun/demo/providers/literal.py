"""The literal requests and answers of `literal.toml`: what the stand-ins say.

The providers of payments have a table of their own, in their folder.
"""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

_PLACE = re.compile(r"<(\w+)>")


@cache
def table() -> dict[str, dict[str, Any]]:
    """Return the exchanges of each provider by name, and `codes`."""
    file = Path(__file__).with_suffix(".toml")
    files = (file, file.parent / "money" / file.name)
    return {name: each for one in files for name, each in _read(one).items()}


def code(provider: str, name: object) -> Any:
    """Return what the table has of a provider's code. Raises KeyError for one that it has not."""
    return table()[provider]["codes"][str(name)]


def parts(text: str) -> tuple[str, dict[str, str], str]:
    """Split a message into its first line, its headers, and its body."""
    head, _, body = text.strip("\n").partition("\n\n")
    first, *lines = head.split("\n")
    return first, dict(line.split(": ", 1) for line in lines), body.strip("\n")


def filled(text: str, values: dict[str, object]) -> str:
    """Put values into a text of headers and JSON. Raises KeyError for one that is not given."""
    return _PLACE.sub(lambda found: _in_json(values[found[1]]), text)


def answer(provider: str, name: str, **values: object) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an answer."""
    first, headers, body = parts(filled(table()[provider][name]["answer"], values))
    return int(first), headers, body.encode()


def json_of(provider: str, name: str, **values: object) -> bytes:
    """Return a body of the table, in JSON."""
    return filled(table()[provider][name]["json"], values).encode()


def form(provider: str, name: str, **values: object) -> bytes:
    """Return a form that a provider posts to a webhook."""
    pairs = parse_qsl(table()[provider][name]["form"], keep_blank_values=True)
    return urlencode([(key, _plain(value, values)) for key, value in pairs]).encode()


def _read(file: Path) -> dict[str, dict[str, Any]]:
    return tomllib.loads(file.read_text("utf-8"))


def _plain(text: str, values: dict[str, object]) -> str:
    return _PLACE.sub(lambda found: str(values[found[1]]), text)


def _in_json(value: object) -> str:
    """Write a value as it stands inside a JSON string, or as a number."""
    return "null" if value is None else json.dumps(str(value), ensure_ascii=False)[1:-1]
