"""Check what triggers a notification: its kind, the values of its texts, and its key.

No query and no write here. A refusal is an InvalidInput that names the field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from notifications import validation
from notifications.kinds import Kind, find
from notifications.kinds.lookup import general
from notifications.models import Notification
from realtime.errors import InvalidInput


def fields_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the clean columns of a notification; times are not compared with now.

    A kind sets type and priority where the sender does not.
    """
    content, kind = with_kind(given)
    context = content.pop("context", None)
    if kind is None or kind.name == general(kind.type):
        content = {"title": "", "message": "", **content}  # which are refused
    clean = validation.clean_fields(Notification, content)
    if kind is not None:
        return clean | {"context": _context(kind, context)}
    if context is not None:
        raise InvalidInput("context", "belongs to a kind; give its name too")
    return clean


def with_kind(given: Mapping[str, Any]) -> tuple[dict[str, Any], Kind | None]:
    """Return the content with the type and the priority of its kind, and that kind."""
    content = dict(given)
    name = validation.kind(content.get("kind", ""))
    if not name:
        content.pop("kind", None)
        return content, None
    kind = find(name)
    if kind is None:
        raise InvalidInput("kind", f"is {name!r}, which no app declares")
    if content.setdefault("type", kind.type) != kind.type:
        raise InvalidInput("type", f"must be {kind.type}, or left out, for the kind {name}")
    content.setdefault("priority", kind.priority)
    return content, kind


def _context(kind: Kind, context: Any) -> dict[str, Any] | None:
    """Return the values of a kind's texts as plain JSON.

    General kinds have none but the title and the message, which are columns.
    """
    if kind.name == general(kind.type):
        if context is not None:
            raise InvalidInput("context", f"must be left out: {kind.name} has title and message")
        return None
    if isinstance(context, msgspec.Struct):
        context = msgspec.to_builtins(context)
    plain = validation.json_object("context", context)
    try:
        values = msgspec.convert(plain, kind.variables)
    except msgspec.ValidationError as error:
        raise InvalidInput("context", f"does not suit {kind.name}: {error}") from None
    if surplus := sorted(plain.keys() - set(kind.variables.__struct_encode_fields__)):
        raise InvalidInput("context", f"has {surplus[0]!r:.50}, which {kind.name} does not know")
    written: dict[str, Any] = msgspec.to_builtins(values)
    return written


def fingerprint(fields: Mapping[str, Any], supersedes: int | str | None) -> str:
    """Return a hash of all that a repeated key must repeat. The sender may change."""
    told = dict(fields) | {"supersedes": None if supersedes is None else str(supersedes)}
    text = msgspec.json.encode(told, order="sorted")
    return hashlib.sha256(text).hexdigest()
