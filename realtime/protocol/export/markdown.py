"""The protocol's documentation, written from its own declarations: `docs/protocol.md`.

The text about the wire as a whole is in `introduction.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from realtime.protocol import PROTOCOL_VERSION, SUBPROTOCOL
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.commands import AnyCommand
from realtime.protocol.export.catalogue import tag
from realtime.protocol.export.described import describe
from realtime.protocol.messages import PAYLOADS

_INTRODUCTION = Path(__file__).with_name("introduction.md")
_COMMON = frozenset({"type", "id"})
_HEAD = ("field", "type", "default", "what it is")


def markdown() -> str:
    """Write the whole page."""
    parts = [
        _INTRODUCTION.read_text(encoding="utf-8").format(
            version=PROTOCOL_VERSION, subprotocol=SUBPROTOCOL
        ),
        "## Close codes\n",
        _table(
            ("code", "reason", "when", "what a client does next"),
            ((f"{c.value}", c.reason, c.when, c.reconnect) for c in sorted(CloseCode)),
        ),
        "Daphne sends no codes below 3000 but 1000: there, 1012 arrives as 4408, and 1003 and 1009 "
        "as 4400.\n",
        "## Errors\n",
        "An `error` says in `code` what is wrong, in `message` what to do, and in `retryable` "
        "whether the same\nagain can succeed. Nothing was changed by the request.\n",
        _table(
            ("code", "retryable"),
            ((f"`{code.wire}`", "yes" if code.retryable else "no") for code in ErrorCode),
        ),
        "## What a client sends\n",
        *(_described(tag(c), c, _COMMON) for c in AnyCommand.__args__),
        "## What the server sends\n",
        *(_described(name, kind) for name, kind in sorted(PAYLOADS.items())),
    ]
    return "\n".join(parts)


def _described(name: str, kind: type[Struct], common: Set[str] = frozenset()) -> str:
    """Describe one message; `common` fields are described with the envelope."""
    defined = describe(msgspec.json.schema(kind)["$defs"])
    own = defined.pop(kind.__name__)
    rows = [row for row in _fields(own) if row[0].strip("`") not in common]
    parts = [f"### `{name}`\n", " ".join(own.get("description", "").split()) + "\n"]
    if rows:
        parts.append(_table(_HEAD, rows))
    for other, schema in sorted(defined.items()):
        parts += [f"`{other}`:\n", _table(_HEAD, _fields(schema))]
    return "\n".join(parts)


def _fields(schema: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for name, field in schema["properties"].items():
        required = name in schema.get("required", ())
        default = ""
        if not required:
            value = msgspec.json.encode(field["default"]).decode() if "default" in field else ""
            default = f"`{value}`" if value else "optional"
        yield f"`{name}`", _type(field), default, field["description"]


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"])
    if "$ref" in field:
        return f"`{field['$ref'].rpartition('/')[2]}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    match field.get("type"):
        case "array":
            return f"list of {_type(field.get('items', {}))}"
        case "object":
            values = field.get("additionalProperties")
            return f"object of {_type(values)}" if isinstance(values, dict) else "object"
        case "string":
            limit = field.get("maxLength")
            return f"string up to {limit}" if limit else "string"
        case str(name):
            return name
    return "anything"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |\n" for row in (head, *rows)]
    lines.insert(1, "|---" * len(head) + "|\n")
    return "".join(lines)
