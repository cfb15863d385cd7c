"""One example of every message, as clients and server send it."""

from __future__ import annotations

from typing import Any

import msgspec

from realtime.protocol.commands import AnyCommand, Command
from realtime.protocol.export.catalogue import tag
from realtime.protocol.messages import PAYLOADS, Payload

MOMENT = "2026-03-01T09:30:00.000Z"


def examples() -> dict[str, dict[str, Any]]:
    """Return the examples by the messages' types. Raises LookupError where one is missing."""
    commands = {tag(kind): _command(kind) for kind in AnyCommand.__args__}
    return commands | {name: _message(kind) for name, kind in PAYLOADS.items()}


def _command(kind: type[Command]) -> dict[str, Any]:
    example = {"type": tag(kind), **kind.example}
    msgspec.convert(example, kind)
    return example


def _message(kind: type[Payload]) -> dict[str, Any]:
    if "data" not in kind.example:
        raise LookupError(f"{kind.__qualname__} needs an `example` with its `data`")
    data = msgspec.to_builtins(msgspec.convert(kind.example["data"], kind))
    head = {"type": kind.wire_type, "data": data, "timestamp": MOMENT}
    return head | kind.example | {"data": data}
