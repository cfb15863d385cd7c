"""The forms with which staff broadcasts from the console, one for each kind of broadcast."""

from __future__ import annotations

from typing import Any

from hoardrun.broadcasts.kinds import KINDS, Kind
from hoardrun.broadcasts.rules import BROADCAST
from realtime.console.forms import StaffForm

_TARGETS: dict[str, dict[str, Any]] = {
    "user_id": {"type": "integer", "minimum": 1, "format": "user"},  # asked for by name
    "room": {"type": "string", "maxLength": 100, "default": "market_data"},
}
# JSON does not suit a form; what a person sends once has neither a key nor a predecessor. SMS after
# an announcement are asked for in the admin, which shows what they cost.
LEFT_OUT = {"metadata", "context", "key", "supersedes", "emergency", "sms_texts"}
_LEFT_EMPTY = {"description": "Left empty, it goes to everybody."}


def forms() -> list[StaffForm]:
    """Make a form of each kind, with the fields of its message that its endpoint takes."""
    return [_form(name, kind) for name, kind in KINDS.items()]


def _form(name: str, kind: Kind) -> StaffForm:
    about = (kind.send.__doc__ or "").replace("`", "")
    target = {} if kind.target is None else {kind.target: _TARGETS[kind.target]}
    if kind.everybody:
        about += " It may first wait for another person's approval."
        target = {field: schema | _LEFT_EMPTY for field, schema in target.items()}
    return StaffForm(
        name,
        f"/ws/broadcast/{name}",
        BROADCAST,
        kind.message,
        about,
        target,
        required=("user_id",) if "user_id" in target and not kind.everybody else (),
        without={*kind.message.__struct_fields__} - (kind.serializer().fields.keys() - LEFT_OUT),
    )
