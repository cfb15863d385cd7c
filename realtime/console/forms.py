"""What the console's forms are made from: JSON Schemas, generated from the protocol."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from realtime.protocol.commands import AnyCommand
from realtime.protocol.messages import (
    BalanceUpdate,
    MarketUpdate,
    Notification,
    Payload,
    SystemAnnouncement,
    TransactionUpdate,
)

_USER = {"type": "integer", "minimum": 1, "format": "user"}  # asked for by name
_ANYBODY = _USER | {"description": "Left empty, it goes to everybody."}
_ROOM = {"type": "string", "maxLength": 100, "default": "market_data"}


class Trigger(NamedTuple):
    """A message that staff may broadcast at `/ws/broadcast/<kind>`.

    `target` is the field that says whom it is for; `without` is what the sender has no say in.
    """

    kind: str
    message: type[Payload]
    about: str
    without: frozenset[str] = frozenset()
    target: dict[str, Any] = {}
    needs_target: bool = False


TRIGGERS = (
    Trigger(
        "notification",
        Notification,
        "Puts a notification into a user's inbox, or shows it to everybody who is connected; the "
        "second may first wait for another person's approval.",
        frozenset({"id", "status", "metadata", "created_at", "seen_at", "read_at", "stored"}),
        {"user_id": _ANYBODY},
    ),
    Trigger(
        "transaction",
        TransactionUpdate,
        "Pushes a transaction's state to its owner; no transaction is changed by it.",
        frozenset({"merchant_name", "merchant_category", "failure_reason"}),
        {"user_id": _USER},
        needs_target=True,
    ),
    Trigger(
        "balance",
        BalanceUpdate,
        "Pushes an account's balances to its owner; no account is changed by it.",
        frozenset({"id", "type", "name", "status", "created_at"}),
        {"user_id": _USER},
        needs_target=True,
    ),
    Trigger(
        "market",
        MarketUpdate,
        "Pushes a quote to a market room; the next true one replaces it.",
        target={"room": _ROOM},
    ),
    Trigger(
        "announcement",
        SystemAnnouncement,
        "Announces something to everybody. It may first wait for another person's approval.",
        frozenset({"id", "starts_at", "published_at"}),
    ),
)


def commands() -> list[dict[str, Any]]:
    """Describe what a client may send over the socket: each without its `type` and `id`."""
    return [_command(kind) for kind in AnyCommand.__args__]


def triggers() -> list[dict[str, Any]]:
    """Describe what staff may broadcast, as the endpoints take it."""
    return [_trigger(trigger) for trigger in TRIGGERS]


def _command(kind: type[msgspec.Struct]) -> dict[str, Any]:
    tag = str(kind.__struct_config__.tag)
    schema = _schema(kind)
    return _form(tag, schema.get("description", ""), schema, frozenset({"type", "id"}))


def _trigger(trigger: Trigger) -> dict[str, Any]:
    form = _form(trigger.kind, trigger.about, _schema(trigger.message), trigger.without)
    if trigger.needs_target:
        form["required"] = [*trigger.target, *form["required"]]
    said = {name: _with_format(name, value) for name, value in form["fields"].items()}
    return form | {"fields": trigger.target | said}


def _schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return a struct's schema, its choices in the order in which they are declared.

    msgspec sorts them by name: a severity would begin with the gravest.
    """
    found: dict[str, Any] = msgspec.json.schema(kind)["$defs"][kind.__name__]
    for field in msgspec.structs.fields(kind):
        _order(found["properties"][field.encode_name], _choices(field.type))
    return found


def _choices(annotation: Any) -> tuple[Any, ...]:
    """Find the values of the first Literal in a type; none if it has none."""
    inner = get_args(annotation)
    if get_origin(annotation) is Literal:
        return inner
    return next((found for part in inner if (found := _choices(part))), ())


def _order(schema: dict[str, Any], choices: tuple[Any, ...]) -> None:
    if "enum" in schema:
        schema["enum"] = [value for value in choices if value in schema["enum"]]
    for part in [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]:
        _order(part, choices)


def _form(name: str, about: str, schema: dict[str, Any], without: frozenset[str]) -> dict[str, Any]:
    fields = schema["properties"]
    return {
        "type": name,
        "about": about,
        "required": [field for field in schema["required"] if field not in without],
        "fields": {field: value for field, value in fields.items() if field not in without},
    }


def _with_format(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Say of a time that it is one, which its type alone does not."""
    is_time = name == "timestamp" or name.endswith("_at")
    return schema | {"format": "date-time"} if is_time else schema
