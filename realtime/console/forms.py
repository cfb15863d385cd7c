"""The console's forms, as JSON Schemas generated from messages.

Commands of the wire have forms by themselves; apps register forms of their endpoints for staff in
`ready()`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from realtime.protocol.commands import AnyCommand


class StaffForm(NamedTuple):
    """A message that staff with `right` may post to `path`, with an `Idempotency-Key`.

    `target` are additional fields, such as the user it is for. `required` are additional required
    names. `without` are fields of the message that the endpoint does not accept.
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
    """Add forms to the console. Call it in an app's `ready()`."""
    _staff_forms.update({form.name: form for form in forms})


def commands() -> list[dict[str, Any]]:
    """Return the forms of the socket's commands, without `type` and `id`."""
    return [_command(kind) for kind in AnyCommand.__args__]


def staff_forms() -> list[dict[str, Any]]:
    """Return the forms that staff may post."""
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
    """Return a struct's schema, with choices in their declared order.

    msgspec sorts choices by name, so severities would be out of order.
    """
    found: dict[str, Any] = msgspec.json.schema(kind)["$defs"][kind.__name__]
    for field in msgspec.structs.fields(kind):
        _order(found["properties"][field.encode_name], _choices(field.type))
    return found


def _choices(annotation: Any) -> tuple[Any, ...]:
    """Return the values of the first Literal in a type, or nothing."""
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
    """Add the format of times, which their type does not tell."""
    is_time = name == "timestamp" or name.endswith("_at")
    return schema | {"format": "date-time"} if is_time else schema
