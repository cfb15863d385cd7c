"""TypeScript declarations of the wire and of the JavaScript client: `client.d.ts`.

The envelope and the client's own classes are declared by hand in `client_api.d.ts`, and appended
as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.commands import FILTER_TYPES, AnyCommand
from realtime.protocol.export.catalogue import answers, carried, schemas, tag
from realtime.protocol.export.described import declared
from realtime.protocol.messages import PAYLOADS

_HEADER = """// The wire of /ws/notifications, and the client for it.
// Written by `manage.py export_protocol` from realtime/protocol; do not edit it by hand.
"""
_CLIENT_API = Path(__file__).with_name("client_api.d.ts")

# JavaScript has an Error of its own, from which the client's errors descend.
_RENAMED = {"Error": "ErrorData"}
# The server writes a narrower type than it declares.
_NARROWER = {
    ("Error", "code"): "ErrorCode",
    ("RoomJoined", "rate"): "Rate",
    ("SubscriptionUpdated", "types"): "SubscriptionType[]",
}


def declarations() -> str:
    """Write the whole file."""
    found = schemas("{name}")
    commands = [kind.__name__ for kind in AnyCommand.__args__]
    parts = [
        _HEADER,
        *(_alias(name, map(_literal, words)) for name, words in _words().items()),
        _close_codes(),
        _comment("The `code` of an `error`.")
        + _alias("ErrorCode", (_literal(code.wire) for code in ErrorCode)),
        *(_interface(name, schema) for name, schema in found.items()),
        _comment("The `data` of each message, by its `type`.")
        + _map("ServerMessages", {k: _renamed(v.__name__) for k, v in sorted(PAYLOADS.items())}),
        _comment("What is kept in a stream, and comes once and in order.")
        + _alias("EventType", (_literal(kind.wire_type) for kind in carried("stream"))),
        _comment("What belongs to a room.")
        + _alias("RoomMessageType", (_literal(kind.wire_type) for kind in carried("room"))),
        _comment("Whatever a client may send.") + _alias("Command", commands),
        _comment("The `type` of the answer to each command; `error` answers any.")
        + _map("Answers", {tag(kind): _literal(of.wire_type) for kind, of in answers().items()}),
        _CLIENT_API.read_text(encoding="utf-8"),
    ]
    return "\n".join(parts)


def _words() -> dict[str, tuple[str, ...]]:
    """Return the sets of words that have a name where commands and messages are declared."""
    found = {
        name: get_args(value) for name, value in declared().items() if get_origin(value) is Literal
    }
    return found | {"SubscriptionType": tuple(FILTER_TYPES)}


def _close_codes() -> str:
    lines = [_comment("Why the server closes, and what the client does next.")]
    lines.append("export type CloseCode =\n")
    for code in sorted(CloseCode):
        lines.append(f"  /** {code.reason}: {code.reconnect.replace(': ', ', ')}. */\n")
        lines.append(f"  | {code.value}\n")
    return "".join(lines).rstrip() + ";\n"


def _interface(name: str, schema: dict[str, Any]) -> str:
    fields = "".join(f"  {line}\n" for line in _fields(name, schema))
    return _comment(schema.get("description", "")) + (
        f"export interface {_renamed(name)} {{\n{fields}}}\n"
    )


def _fields(name: str, schema: dict[str, Any]) -> Iterator[str]:
    for field, described in schema["properties"].items():
        may_lack = "" if field in schema.get("required", ()) else "?"
        yield f"/** {described['description']} */"
        yield f"{field}{may_lack}: {_NARROWER.get((name, field)) or _type(described)};"


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " | ".join(_type(option) for option in schema["anyOf"])
    if "$ref" in schema:
        return _renamed(schema["$ref"])
    if "enum" in schema:
        words = schema["enum"]
        named = (name for name, known in _words().items() if set(known) == set(words))
        return next(named, " | ".join(map(_literal, words)))
    match schema.get("type"):
        case "array":
            item = _type(schema.get("items", {}))
            return f"({item})[]" if "|" in item else f"{item}[]"
        case "object":
            return f"Record<string, {_type(schema.get('additionalProperties', {}))}>"
        case "integer":
            return "number"
        case "string" | "number" | "boolean" | "null" as name:
            return str(name)
    return "unknown"


def _map(name: str, types: dict[str, str]) -> str:
    lines = "".join(f"  {key}: {value};\n" for key, value in types.items())
    return f"export interface {name} {{\n{lines}}}\n"


def _alias(name: str, types: Iterable[str]) -> str:
    return f"export type {name} =" + "".join(f"\n  | {each}" for each in types) + ";\n"


def _comment(text: str) -> str:
    lines = text.splitlines()
    if len(lines) < 2:
        return f"/** {text} */\n" if text else ""
    body = "".join(f" * {line}".rstrip() + "\n" for line in lines)
    return f"/**\n{body} */\n"


def _literal(value: str) -> str:
    return json.dumps(value)


def _renamed(name: str) -> str:
    return _RENAMED.get(name, name)
