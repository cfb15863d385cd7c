"""The registry of the messages of the server: the `data` of each type is a frozen struct.

A message is an envelope (`codec.encode`) around one of these. The facts about every message of a
type stand on its struct: documents, declarations, the console and `manage.py tail` read it there.
An app declares its messages in a module of its own and calls `register` from `ready()`; the
engine's own are in `published`, `connection` and `answers` beside this one. Clients ignore fields
and types that they do not know, so both may be added at any time. Exact numbers are strings;
times are RFC 3339 in UTC with milliseconds (`codec.timestamp`).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct

from realtime.protocol.commands import COMMAND_TYPES, FILTER_TYPES, Command

Timestamp = str
DecimalText = Annotated[str, Meta(pattern=r"^-?\d{1,15}(\.\d{1,8})?$")]
Identifier = Annotated[str, Meta(min_length=1, max_length=64)]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
MAX_FILTER_TYPE = 32


def examples(module: str) -> dict[str, Any]:
    """Read `examples.json` beside a module: an example of each of its messages, by type."""
    text = Path(module).with_name("examples.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


class Payload(Struct, frozen=True, kw_only=True):
    """The `data` of a message, and what is true of every message of its type.

    - `wire_type`: the message's `type`.
    - `carried_by`: "stream" for an event, which is kept and numbered; "room" for a message to
      the sockets in a room; empty for one that only the connection is told.
    - `answers`: the commands that it answers.
    - `filter_types`: what subscriptions filter it by. Of several, its field `type` names the
      one. A message without any always arrives.
    - `line`: what logs show of it. `{field}` is a value, nothing if it is null or missing;
      `{#field}…{/field}` is there once if the field has a value, and for each item of a list.
      Without a line, logs show the JSON.
    - `example`: one such message, its envelope without `type` and `timestamp`.
    """

    wire_type: ClassVar[str] = ""
    carried_by: ClassVar[Literal["stream", "room", ""]] = ""
    answers: ClassVar[tuple[type[Command], ...]] = ()
    filter_types: ClassVar[tuple[str, ...]] = ()
    line: ClassVar[str] = ""
    example: ClassVar[dict[str, Any]] = {}

    @property
    def filter_type(self) -> str | None:
        """Return the type that subscriptions filter this message by; None always arrives."""
        if len(self.filter_types) > 1:
            return str(getattr(self, "type"))  # noqa: B009 only such messages have the field
        return self.filter_types[0] if self.filter_types else None


PAYLOADS: dict[str, type[Payload]] = {}


def register(*kinds: type[Payload]) -> None:
    """Make messages known, from the `ready()` of the app that declares them.

    Raises ValueError for a name that another message has, or that cannot be one.
    """
    for kind in kinds:
        name = kind.wire_type
        if name in COMMAND_TYPES or not _NAME.fullmatch(name):
            raise ValueError(f"{kind.__qualname__} cannot have the wire type {name!r}")
        for other in PAYLOADS.values():
            if other is not kind and (other.wire_type == name or other.__name__ == kind.__name__):
                raise ValueError(f"{kind.__qualname__} and {other.__qualname__} share a name")
        for filter_type in kind.filter_types:
            if not _NAME.fullmatch(filter_type) or len(filter_type) > MAX_FILTER_TYPE:
                raise ValueError(f"{filter_type!r} cannot be a filter type")
        PAYLOADS[name] = kind
        FILTER_TYPES.extend(each for each in kind.filter_types if each not in FILTER_TYPES)
