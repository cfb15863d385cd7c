"""A list of all messages: their schemas, their envelopes, and the answer to each command.

Documentation and declarations are written from here, so they hold what the installed apps have
registered. Call these functions when all apps are ready.
"""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
from msgspec import Struct

from realtime.protocol.answers import Error
from realtime.protocol.commands import AnyCommand, Command
from realtime.protocol.export.described import describe
from realtime.protocol.messages import PAYLOADS, Payload


def carried(by: str) -> list[type[Payload]]:
    """Return the messages that a "stream" or a "room" carries, or that come unasked by neither."""
    return [
        kind for kind in PAYLOADS.values() if kind.carried_by == by and (by or not kind.answers)
    ]


def answers() -> dict[type[Command], type[Payload]]:
    """Return the answer to each command unless an `error` refuses it; both repeat its `id`."""
    found = {command: kind for kind in PAYLOADS.values() for command in kind.answers}
    return {command: found[command] for command in AnyCommand.__args__}


def is_answer(kind: type[Struct]) -> bool:
    """Say whether messages of this kind may repeat the `id` of a command."""
    return kind is Error or (issubclass(kind, Payload) and bool(kind.answers))


def tag(command: type[Struct]) -> str:
    """Return the wire type of a command."""
    return str(command.__struct_config__.tag)


def schemas(ref_template: str) -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of every command and every `data`, and of what these refer to.

    By name; `ref_template` is what a reference to `{name}` looks like.
    """
    _, found = msgspec.json.schema_components(
        [*AnyCommand.__args__, *PAYLOADS.values()], ref_template=ref_template
    )
    for schema in found.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    return describe(found)
