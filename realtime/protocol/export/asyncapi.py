"""The AsyncAPI 3.0 document of the wire, written from its own declarations.

The parts that depend on none of them are in `asyncapi_base.json`, the envelope in its `x-envelope`.

It is `docs/protocol/asyncapi.json` and the answer of `GET /ws/schema`. Its point of view is
the server's: it receives commands and sends messages.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

from realtime.protocol import PROTOCOL_VERSION, SUBPROTOCOL
from realtime.protocol.answers import Error
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.commands import FILTER_TYPES, AnyCommand, Command, JoinRoom, LeaveRoom
from realtime.protocol.export.catalogue import (
    answers,
    carried,
    is_answer,
    schemas,
    tag,
)
from realtime.protocol.export.examples import examples
from realtime.protocol.messages import PAYLOADS, Payload

Json = dict[str, Any]

_BASE = Path(__file__).with_name("asyncapi_base.json")
_CHANNEL = "#/channels/notifications"


def document(version: str) -> str:
    """Write the whole document; `version` is the server's."""
    return json.dumps(_document(version), indent=2, ensure_ascii=False) + "\n"


def _document(version: str) -> Json:
    base = _BASE.read_text(encoding="utf-8")
    base = base.replace("{protocol_version}", str(PROTOCOL_VERSION))
    made: Json = json.loads(base.replace("{subprotocol}", SUBPROTOCOL))
    made["info"]["version"] = version
    envelope = made.pop("x-envelope")
    messages = {tag(kind): _command(kind) for kind in AnyCommand.__args__}
    messages |= {name: _message(kind, envelope) for name, kind in sorted(PAYLOADS.items())}
    for name, example in examples().items():
        messages[name]["examples"] = [{"name": name, "payload": example}]
    made["components"] |= {"messages": messages, "schemas": _components()}
    channel = made["channels"]["notifications"]
    channel["messages"] = {name: _ref(f"#/components/messages/{name}") for name in messages}
    channel["bindings"]["ws"]["query"]["properties"]["types"] |= _types()
    operations = made["operations"]
    operations["send_events"]["messages"] = _of_channel(carried("stream"))
    operations["send_room_messages"]["messages"] = _of_channel(carried("room"))
    operations["send_notices"]["messages"] = _of_channel(carried(""))
    requests = {tag(kind): _request(kind, answer) for kind, answer in answers().items()}
    made["operations"] = requests | operations
    made["x-close-codes"] = [
        {
            "code": code.value,
            "reason": code.reason,
            "when": code.when,
            "client": code.reconnect,
            "retryable": code.retryable,
        }
        for code in sorted(CloseCode)
    ]
    made["x-error-codes"] = [{"code": code.wire, "retryable": code.retryable} for code in ErrorCode]
    return made


def _command(kind: type[Struct]) -> Json:
    return _described(tag(kind), kind, _ref(f"#/components/schemas/{kind.__name__}"))


def _message(kind: type[Payload], envelope: Json) -> Json:
    """Describe a whole frame: the envelope, as this message has it, around the `data`."""
    required = ["type", "data", "timestamp"]
    required += {"stream": ["stream", "offset"], "room": ["room"]}.get(kind.carried_by, [])
    properties = {name: envelope[name] for name in required}
    properties["type"] = {"type": "string", "const": kind.wire_type} | envelope["type"]
    properties["data"] = _ref(f"#/components/schemas/{kind.__name__}") | envelope["data"]
    if is_answer(kind):
        properties["id"] = envelope["id"]
    frame = {"type": "object", "required": required, "properties": properties}
    return _described(kind.wire_type, kind, frame)


def _described(name: str, kind: type[Struct], payload: Json) -> Json:
    about = inspect.getdoc(kind) or ""
    has_id = issubclass(kind, Command) or is_answer(kind)
    summary, _, rest = about.partition("\n\n")
    return {
        "name": name,
        "title": kind.__name__,
        "summary": " ".join(summary.split()),
        **({"description": " ".join(rest.split())} if rest else {}),
        **({"correlationId": {"location": "$message.payload#/id"}} if has_id else {}),
        "payload": payload,
    }


def _components() -> dict[str, Json]:
    found = schemas("#/components/schemas/{name}")
    for kind in (JoinRoom, LeaveRoom):  # as `__post_init__` demands
        found[kind.__name__]["oneOf"] = [
            {"required": ["room"], "properties": {"room": {"type": "string"}}},
            {"required": ["rooms"], "properties": {"rooms": {"type": "array"}}},
        ]
    found[Error.__name__]["properties"]["code"]["enum"] = [code.wire for code in ErrorCode]
    return dict(sorted(found.items()))


def _request(kind: type[Command], answer: type[Payload]) -> Json:
    summary = (inspect.getdoc(kind) or "").partition("\n\n")[0]
    return {
        "action": "receive",
        "channel": _ref(_CHANNEL),
        "summary": " ".join(summary.split()),
        "messages": [_ref(f"{_CHANNEL}/messages/{tag(kind)}")],
        "reply": {"channel": _ref(_CHANNEL), "messages": _of_channel((answer, Error))},
    }


def _of_channel(kinds: Iterable[type[Payload]]) -> list[Json]:
    return [_ref(f"{_CHANNEL}/messages/{kind.wire_type}") for kind in kinds]


def _types() -> Json:
    """Describe the parameter `types`, which depends on what apps have registered."""
    return {
        "description": f"What to subscribe to, by commas, of: {', '.join(FILTER_TYPES)}. "
        "Empty means everything.",
        "examples": [",".join(FILTER_TYPES[:2])],
        "pattern": f"^(({'|'.join(FILTER_TYPES)})(,|$))*$",
    }


def _ref(target: str) -> Json:
    return {"$ref": target}
