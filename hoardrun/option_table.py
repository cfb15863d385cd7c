"""The options for people to read: those in force, a template of .env, the table of the docs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hoardrun import env
from hoardrun.options import TABLES
from realtime.option_fields import Option, declared
from realtime.protocol.export.described import fields

_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
_TABLE = re.compile(r"^\| variable \|(?:.*\n\|)*.*\n", re.MULTILINE)
_WIDTH = 100


@dataclass(frozen=True)
class Row:
    """An option and its value in force. That of a secret is in none of the fields."""

    variable: str
    value: Any
    default: Any
    source: str  # "variable", "file" or "default"
    changed: bool
    minimum: float | None
    maximum: float | None
    secret: bool
    documentation: str


def rows() -> Iterator[Row]:
    """Look up every option in the environment."""
    for option, text in _documented():
        source = env.source_of(option)
        default = option.shown.replace("`", "") or option.default
        value = env.value_of(option, source) if source else default
        yield Row(
            variable=option.variable,
            value="(hidden)" if source and option.secret else value,
            default=default,
            source=("variable" if source == option.variable else "file") if source else "default",
            changed=bool(source) and value != default,
            minimum=option.minimum,
            maximum=option.maximum,
            secret=option.secret,
            documentation=_plain(text),
        )


def _documented() -> Iterator[tuple[Option, str]]:
    for table in TABLES:
        texts = fields(table)
        for option in declared(table):
            yield option, texts[option.field]


def _plain(text: str) -> str:
    return _LINK.sub(r"\1", text)


def written(value: Any) -> str:
    """Write a value as its variable holds it."""
    match value:
        case bool():
            return str(int(value))
        case int() | float():
            return f"{value:.12g}"
        case tuple():
            return ",".join(map(_item, value))
    return str(value)


def _item(item: Any) -> str:
    """Write one item of a list: a word, or a name and its value."""
    return ":".join(map(str, item)) if isinstance(item, tuple) else str(item)


def dotenv() -> str:
    """Write a file that sets every variable to its default, each line commented out."""
    parts = []
    for option, text in _documented():
        about = f"{_plain(text)} {_range(option)}".strip()
        comment = textwrap.fill(about, _WIDTH, initial_indent="# ", subsequent_indent="# ")
        parts.append(f"{comment}\n#{option.variable}={written(option.default)}\n")
    return "\n".join(parts)


def with_table(page: str) -> str:
    """Write the table of all options into a page, in place of the one that it has."""
    lines = ["| variable | default | range | what it does |", "|---|---|---|---|"]
    lines += [
        f"| `{option.variable}` | {_default(option)} | {_range(option)} | {text} |"
        for option, text in _documented()
    ]
    return _TABLE.sub(lambda _: "".join(f"{line}\n" for line in lines), page)


def _range(option: Option) -> str:
    return "" if option.maximum is None else f"{option.minimum:,} to {option.maximum:,}"


def _default(option: Option) -> str:
    if option.shown:
        return option.shown
    match option.default:
        case bool() as is_on:
            return "on" if is_on else "off"
        case int() | float() as number:
            return written(number)
    return f"`{written(option.default)}`" if option.default else "none"
