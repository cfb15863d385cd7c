"""What the console's forms are made from: JSON Schemas, generated from the messages.

The engine has the forms of its commands; an app registers what its endpoints let staff send.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from realtime.protocol.commands import AnyCommand


class StaffForm(NamedTuple):
    """A message that staff may post to `path`, which takes `right` and an `Idempotency-Key`.

    `target` are fields beside those of the message, such as the user it is for; `required` adds
    names to those that the message requires; `without` is what the endpoint does not take.
    """

    name: str
    path: str
    right: str
    message: type[msgspec.Struct]
    about: str
    target: dict[str, Any] = {}
    required: tuple[str, ...] = ()
    without: Collection[str] = ()


_staff_forms: dict[str, StaffForm] = {}


def register(*forms: StaffForm) -> None:
    """Offer forms to staff in the console; call it from an app's `ready()`."""
    _staff_forms.update({form.name: form for form in forms})


def commands() -> list[dict[str, Any]]:
    """Describe what a client may send over the socket: each without its `type` and `id`."""
    return [_command(kind) for kind in AnyCommand.__args__]


def staff_forms() -> list[dict[str, Any]]:
    """Describe what staff may post, as the endpoints take it."""
    return [_staff_form(form) for form in _staff_forms.values()]


def _command(kind: type[msgspec.Struct]) -> dict[str, Any]:
    tag = str(kind.__struct_config__.tag)
    schema = _schema(kind)
    return _form(tag, schema.get("description", ""), schema, {"type", "id"})


def _staff_form(form: StaffForm) -> dict[str, Any]:
    made = _form(form.name, form.about, _schema(form.message), form.without)
    said = {name: _with_format(name, value) for name, value in made["fields"].items()}
    return made | {
        "path": form.path,
        "right": form.right,
        "required": [*form.required, *made["required"]],
        "fields": form.target | said,
    }


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
    if choices and "enum" in schema:
        schema["enum"] = [value for value in choices if value in schema["enum"]]
    for part in [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]:
        _order(part, choices)


def _form(
    name: str, about: str, schema: dict[str, Any], without: Collection[str]
) -> dict[str, Any]:
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
