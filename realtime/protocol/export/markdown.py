"""The protocol's documentation, written from its own declarations: `docs/protocol.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any

import msgspec
from msgspec import Struct

from realtime.protocol import PROTOCOL_VERSION, SUBPROTOCOL
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.commands import AnyCommand
from realtime.protocol.export.catalogue import tag
from realtime.protocol.export.described import describe
from realtime.protocol.messages import PAYLOADS

_INTRODUCTION = f"""# The protocol of `/ws/notifications`

For authors of clients: every message, field, error and close code; [the wire](wire.md) is the same
on one page. Version {PROTOCOL_VERSION}, subprotocol `{SUBPROTOCOL}`. Written by
`manage.py export_protocol` from `realtime/protocol`; do not edit it by hand.

For programs, from the same source: [asyncapi.json](protocol/asyncapi.json), an AsyncAPI 3.0
document with the JSON Schema of every message, which every server has at `GET /ws/schema` too;
and [client.d.ts](../realtime/static/realtime/client.d.ts), declarations for TypeScript.

Every message is one JSON object in a text frame. A client's message has a `type`, the fields
below, and may have an `id` of up to 64 characters, which every answer to it repeats. A server's
message has `type`, `data` and `timestamp` (RFC 3339, UTC, milliseconds), durable ones also
`stream` and `offset`, those of a room `room`. Money and prices are strings. Clients ignore types
and fields that they do not know; the server refuses them with an `error`.

## Connecting

The server looks for a credential in this order:

1. `Authorization: Bearer <access token>`;
2. `Sec-WebSocket-Protocol: {SUBPROTOCOL}, bearer.<access token>`, of which only `{SUBPROTOCOL}`
   is ever echoed;
3. `?ticket=`, a ticket from `POST /api/ws-ticket/`: good once, for 30 seconds;
4. `?token=<access token>`, unless the settings refuse it;
5. the message `authenticate`, within 5 seconds after connecting.

A browser's page must come from the server's own origin or from one that its settings name;
without an `Origin` header, one of the first four is needed. Further parameters: `device` (a
name of up to 64 characters, whose acknowledgements are kept), `since`
(`user:17,announcements:3`) and `epoch` (as the greeting gave it) to resume, `types` to
subscribe. A parameter of another name, or one that is given twice, is answered with an `error`
that names those that exist, and 4400.

## Offsets, filters and gaps

The offsets of a stream have no gaps, and a socket is sent them in order. Without a filter the
next event of a stream is one above the last: one that is higher says that something is missing.
Reconnect with `since`; an offset at or below the last one is a repetition, to be dropped.

A filter (`types`, `subscribe_notifications`) makes holes in every stream, also in `announcements`,
which holds notifications to everybody. `pong` tells apart what was left out and what is missing:
it says up to where this socket was sent each stream, or had it filtered, and all of that was sent
before the `pong`. Without a filter, a `pong` above the last event is a gap. With a filter, go on
from there. After the end of a filter, the first hole of each stream may still be the filter's.

## After `resync_required`

1. Take one snapshot: `GET` the path `snapshot`, which is relative to the server's address, with
   an access token. Where several `resync_required` come, as for two streams at once, one snapshot
   is enough, if it was asked for after the last of them.
2. Keep the events that come meanwhile. Put the snapshot in place of what there is, and its
   `positions` and `epoch` in place of the client's own: they are at or above `position`.
3. Apply the kept events that are above the snapshot's offsets, drop the others, and go on.
4. Acknowledge only offsets above `position`: a lower one is refused with `invalid_offset`.

## Signs of life

The server pings every `heartbeat_seconds`. Any byte from the client is a sign of life: the answer
to that ping, which browsers and libraries send by themselves, or any message. A client without
one between two pings is closed with 4408. To the client, anything that arrives is a sign of life; a
page sees no pings, so one that has heard nothing for `heartbeat_seconds` sends `ping`, and without
an answer within some seconds the connection is dead.

## Refused handshakes

Before the handshake the server refuses with an HTTP status:

| status | why | what a client does next |
|---|---|---|
| 400, 405, 431, 505 | the handshake is malformed, or too long | do not reconnect |
| 403 | the `Origin` is not allowed, or missing as is a credential | do not reconnect |
| 404 | there is no socket at this path | do not reconnect |
| 429 | too many bad credentials or strangers from this address | wait for `Retry-After` |
| 503 | the node is full or about to stop | wait for `Retry-After`, then reconnect |

Every other refusal is a close code, which browsers can read.
"""


_COMMON = frozenset({"type", "id"})
_HEAD = ("field", "type", "default", "what it is")


def markdown() -> str:
    """Write the whole page."""
    parts = [
        _INTRODUCTION,
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
