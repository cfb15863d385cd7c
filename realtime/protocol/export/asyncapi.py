"""The AsyncAPI 3.0 document of the wire, written from its own declarations.

It is `docs/protocol/asyncapi.json` and the answer of `GET /ws/schema`. Its point of view is
the server's: it receives commands and sends messages.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from realtime.protocol import PROTOCOL_VERSION, SUBPROTOCOL
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.commands import FILTER_TYPES, AnyCommand, Command, JoinRoom, LeaveRoom
from realtime.protocol.export.catalogue import (
    answers,
    events,
    is_answer,
    notices,
    room_messages,
    schemas,
    tag,
)
from realtime.protocol.export.examples import examples
from realtime.protocol.messages import PAYLOADS, Error, Payload

Json = dict[str, Any]

_CHANNEL = "#/channels/notifications"
_DESCRIPTION = f"""One WebSocket, JSON in text frames: version {PROTOCOL_VERSION} of the protocol, \
subprotocol `{SUBPROTOCOL}`.

Clients ignore types and fields that they do not know; the server refuses them with an `error`. \
A field that has a default may be missing from an event that was written before there was such \
a field. Money and prices are strings, times RFC 3339 in UTC with milliseconds.

Whoever offers no credential in the handshake sends `authenticate` within 5 seconds. Close codes \
are in `x-close-codes`, the codes of an `error` in `x-error-codes`."""

_ID = {
    "type": "string",
    "maxLength": 64,
    "description": "The `id` of the command that this answers, if it had one.",
}
_STREAM = {"type": "string", "description": "The log that the event is in, such as `user:17`."}
_OFFSET = {
    "type": "integer",
    "minimum": 1,
    "description": "The event's number in its stream; the next one's is higher by one.",
}
_TYPE = "Which message this is."
_DATA = "What it says; more fields may be added at any time."
_ROOM = {"type": "string", "description": "The room that the message belongs to."}
_TIMESTAMP = {
    "type": "string",
    "format": "date-time",
    "description": "When it was written: UTC, with milliseconds.",
}


def document(version: str) -> str:
    """Write the whole document; `version` is the server's."""
    return json.dumps(_document(version), indent=2, ensure_ascii=False) + "\n"


def _document(version: str) -> Json:
    messages = {tag(kind): _command(kind) for kind in AnyCommand.__args__}
    messages |= {name: _message(kind) for name, kind in sorted(PAYLOADS.items())}
    for name, example in examples().items():
        messages[name]["examples"] = [{"name": name, "payload": example}]
    schemes = _security_schemes()
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "hoardrun", "version": version, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "servers": {
            "default": {
                "host": "{host}",
                "protocol": "wss",
                "description": "Your server; one on your own machine speaks `ws` as well.",
                "variables": {
                    "host": {
                        "default": "example.com",
                        "description": "Its name, with a port unless that is 443.",
                    }
                },
                "security": [_ref(f"#/components/securitySchemes/{name}") for name in schemes],
            }
        },
        "channels": {
            "notifications": {
                "address": "/ws/notifications",
                "title": "Everything about one user, and the rooms that are joined",
                "messages": {name: _ref(f"#/components/messages/{name}") for name in messages},
                "bindings": {"ws": {"method": "GET", "query": _query(), "bindingVersion": "0.1.0"}},
            }
        },
        "operations": {
            **{tag(kind): _request(kind, answer) for kind, answer in answers().items()},
            "send_events": _send(
                "Send what was committed to a stream, once and in order", events()
            ),
            "send_room_messages": _send(
                "Send what happens in a joined room; the newest value is enough", room_messages()
            ),
            "send_notices": _send("Tell of the connection and of the user's counts", notices()),
        },
        "components": {
            "messages": messages,
            "schemas": _components(),
            "securitySchemes": schemes,
        },
        "x-close-codes": [
            {
                "code": code.value,
                "reason": code.reason,
                "when": code.when,
                "client": code.reconnect,
                "retryable": code.retryable,
            }
            for code in sorted(CloseCode)
        ],
        "x-error-codes": [{"code": code.wire, "retryable": code.retryable} for code in ErrorCode],
    }


def _command(kind: type[Struct]) -> Json:
    return _described(tag(kind), kind, _ref(f"#/components/schemas/{kind.__name__}"))


def _message(kind: type[Payload]) -> Json:
    """Describe a whole frame: the envelope, as this message has it, around the `data`."""
    more: Json = {}
    if kind.carried_by == "stream":
        more |= {"stream": _STREAM, "offset": _OFFSET}
    elif kind.carried_by == "room":
        more |= {"room": _ROOM}
    frame = {
        "type": "object",
        "required": ["type", "data", "timestamp", *more],
        "properties": {
            "type": {"type": "string", "const": kind.wire_type, "description": _TYPE},
            "data": _ref(f"#/components/schemas/{kind.__name__}") | {"description": _DATA},
            "timestamp": _TIMESTAMP,
            **more,
            **({"id": _ID} if is_answer(kind) else {}),
        },
    }
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
    for kind in (JoinRoom, LeaveRoom):  # what `__post_init__` demands
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


def _send(summary: str, kinds: Iterable[type[Payload]]) -> Json:
    return {
        "action": "send",
        "channel": _ref(_CHANNEL),
        "summary": summary,
        "messages": _of_channel(kinds),
    }


def _of_channel(kinds: Iterable[type[Payload]]) -> list[Json]:
    return [_ref(f"{_CHANNEL}/messages/{kind.wire_type}") for kind in kinds]


def _query() -> Json:
    types = FILTER_TYPES
    parameters = {
        "token": ("An access token, unless the settings refuse it here.", "<access token>"),
        "ticket": ("From `POST /api/ws-ticket/`: good once, for 30 seconds.", "<ticket>"),
        "device": ("A name of up to 64 characters, whose acknowledgements are kept.", "phone"),
        "since": (
            "The offset already had of each stream, to resume; `user` is the client's own.",
            "user:42,announcements:3",
        ),
        "epoch": ("`epoch` as the greeting gave it, with `since`.", "k3x9.p07d"),
        "types": (
            f"What to subscribe to, by commas, of: {', '.join(types)}. Empty means everything.",
            ",".join(types[:2]),
        ),
    }
    properties: dict[str, Json] = {
        name: {"type": "string", "description": text, "examples": [example]}
        for name, (text, example) in parameters.items()
    }
    properties["device"]["maxLength"] = 64
    properties["since"]["pattern"] = "^([a-z]+(:[0-9]+)*:[0-9]+(,|$))*$"
    properties["types"]["pattern"] = f"^(({'|'.join(types)})(,|$))*$"
    return {"type": "object", "properties": properties}


def _security_schemes() -> dict[str, Json]:
    """Describe how to log in, in the order in which the server looks."""
    return {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token; not from browsers, which cannot send the header.",
        },
        "subprotocol": {
            "type": "httpApiKey",
            "in": "header",
            "name": "Sec-WebSocket-Protocol",
            "description": f"`{SUBPROTOCOL}, bearer.<access token>`: from browsers, the second "
            "argument of `WebSocket`.",
        },
        "ticket": {
            "type": "httpApiKey",
            "in": "query",
            "name": "ticket",
            "description": "A ticket from `POST /api/ws-ticket/`: good once, for 30 seconds.",
        },
        "token": {
            "type": "httpApiKey",
            "in": "query",
            "name": "token",
            "description": "An access token, unless the settings refuse it here.",
        },
    }


def _ref(target: str) -> Json:
    return {"$ref": target}
