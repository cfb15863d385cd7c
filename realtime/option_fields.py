"""Options, declared as fields of a dataclass, each with its documentation below it.

    @dataclass(frozen=True)
    class Options:
        ticket_seconds: float = number(30, 0.1, 3600)
        "Life of a ticket."

The engine declares its own in `realtime.options`; an app of yours may declare some in the same
way. Nothing here reads the environment: `hoardrun.env` does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

MAX_RATE = 1_000_000
_FLAGS = {"1": True, "true": True, "yes": True, "on": True}
_FLAGS |= {"0": False, "false": False, "no": False, "off": False}
_RATE = re.compile(r"([1-9][0-9]*)/(s|sec|second|m|min|minute|h|hour|d|day)")

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Option:
    """The declaration of one option. `parse` raises ValueError that describes the mistake."""

    field: str
    default: Any
    variable: str
    parse: Callable[[str], Any]
    minimum: float | None = None
    maximum: float | None = None
    secret: bool = False  # its value is shown nowhere; `<variable>_FILE` may name a file with it
    shown: str = ""  # the text in documents for a default that depends on something else


def declared(table: type) -> list[Option]:
    """List the options of a dataclass; a field without one is set by code only.

    A variable has the field's name in capitals, behind the dataclass's PREFIX if it has one.
    """
    prefix = getattr(table, "PREFIX", "")
    return [
        Option(
            field=each.name,
            default=each.default,
            **{"variable": prefix + each.name.upper(), **each.metadata},
        )
        for each in fields(table)
        if each.metadata
    ]


def option(default: T, parse: Callable[[str], T], **more: Any) -> T:
    """Declare an option of any type; `more` are further fields of `Option`."""
    return field(default=default, repr=not more.get("secret"), metadata={"parse": parse, **more})


def flag(default: bool = False, **more: Any) -> bool:
    """Declare a switch."""

    def parse(text: str) -> bool:
        try:
            return _FLAGS[text.lower()] if text else default
        except KeyError:
            raise ValueError("is neither yes nor no: use 1 or 0.") from None

    return option(default, parse, **more)


def text(default: str = "", **more: Any) -> str:
    """Declare a text, which is taken as it is."""
    return option(default, str, **more)


def words(*default: str, **more: Any) -> tuple[str, ...]:
    """Declare a list whose items are separated by commas."""
    return option(default, split, **more)


def split(text: str) -> tuple[str, ...]:
    """Take a list apart."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def number(default: float, minimum: float, maximum: float, **more: Any) -> float:
    """Declare a number in these bounds; beyond them, dates and system calls would fail."""

    def parse(text: str) -> float:
        return _number(text, minimum, maximum)

    return option(default, parse, minimum=minimum, maximum=maximum, **more)


def whole(default: int, minimum: int, maximum: int, **more: Any) -> int:
    """Declare a whole number in these bounds."""

    def parse(text: str) -> int:
        found = _number(text, minimum, maximum)
        if found != int(found):
            raise ValueError("is not a whole number.")
        return int(found)

    return option(default, parse, minimum=minimum, maximum=maximum, **more)


def _number(text: str, minimum: float, maximum: float) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise ValueError("is not a number.")
    if not minimum <= found <= maximum:
        raise ValueError(f"is out of range: it takes {minimum:,} to {maximum:,}.")
    return found


def rate(default: str, **more: Any) -> str:
    """Declare how often something may be done, such as `60/min`."""

    def parse(text: str) -> str:
        found = _RATE.fullmatch(text or default)
        if not found:
            raise ValueError(f"is no rate: write it like {default}.")
        if int(found[1]) > MAX_RATE:
            raise ValueError(f"is out of range: it takes 1 to {MAX_RATE:,}.")
        return found[0]

    return option(default, parse, minimum=1, maximum=MAX_RATE, **more)
