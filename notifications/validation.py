"""Check what a notification and an announcement may hold. No other module decides that.

Called by services and forms for their input, and by the models, through `check`, before they
save. So no row exists that the protocol cannot carry. Each function returns the clean value or
raises InvalidInput. Lengths are in characters, that is Unicode code points.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import msgspec
from django.db.models import Model, TextChoices, TextField
from django.utils import timezone

from notifications.choices import Channel, NotificationType, Priority, Severity, Status
from realtime import clock
from realtime.core.text import all_text, is_text
from realtime.errors import InvalidInput
from realtime.protocol.commands import MAX_SAFE_INTEGER

TITLE_LENGTH = 200
MESSAGE_LENGTH = 1000
ANNOUNCEMENT_LENGTH = 5000
MAX_METADATA_BYTES = 8 * 1024  # half of what a wake-up carries inline
# Unicode calls them letters or signs, but they leave no mark.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
MAX_METADATA_DEPTH = 20  # JSON parsers recurse: a deeper row could not be read again


def text(field: str, value: Any, limit: int) -> str:
    """Return the text without surrounding blanks, each line ended by a line feed only."""
    if not isinstance(value, str):
        raise InvalidInput(field, f"is {value!r:.50}, not text")
    clean: str = value.replace("\r\n", "\n").strip()
    if len(clean) > limit:
        raise InvalidInput(field, f"has {len(clean)} characters; at most {limit} fit")
    if not is_text(clean):
        raise InvalidInput(field, "holds characters that are not text; remove them")
    if not any(map(is_visible, clean)):
        raise InvalidInput(field, "must not be empty")
    return clean


def is_visible(character: str) -> bool:
    """Return whether a character is visible: a letter, a digit or a sign."""
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK


def choice(field: str, value: Any, choices: type[TextChoices]) -> str:
    """Return the value if it is one of `choices`."""
    if not isinstance(value, str) or value not in choices.values:
        raise InvalidInput(field, f"is {value!r:.50}, not one of {', '.join(choices.values)}")
    return str(value)


def channels(values: Any) -> list[str]:
    """Return the channels, each once, in the order given."""
    if isinstance(values, str) or not isinstance(values, Sequence) or not values:
        raise InvalidInput("channels", "must be a list of at least one channel")
    return list(dict.fromkeys(choice("channels", value, Channel) for value in values))


def metadata(value: Any) -> dict[str, Any]:
    """Return the mapping as plain JSON."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInput("metadata", "must be an object")
    try:
        plain: dict[str, Any] = msgspec.to_builtins(dict(value), str_keys=True)
        encoded = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
        if len(encoded) > MAX_METADATA_BYTES:
            raise InvalidInput(
                "metadata", f"has {len(encoded)} bytes as JSON; at most {MAX_METADATA_BYTES} fit"
            )
    except UnicodeEncodeError:
        raise InvalidInput("metadata", "holds characters that are not text; remove them") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput("metadata", f"cannot be written as JSON: {error}") from None
    if not all_text(plain):
        raise InvalidInput("metadata", "holds a NUL character; remove it")
    if _deeper_than(plain, MAX_METADATA_DEPTH):
        raise InvalidInput("metadata", f"is nested more than {MAX_METADATA_DEPTH} levels deep")
    for number in _numbers(plain):
        if not abs(number) <= MAX_SAFE_INTEGER:  # NaN is not, either
            raise InvalidInput(
                "metadata",
                f"holds the number {number!r:.50}; beyond {MAX_SAFE_INTEGER} numbers are not kept "
                "exactly, so send it as text",
            )
    return plain


def _deeper_than(value: Any, levels: int) -> bool:
    """Return whether a JSON value nests deeper. Goes by level, without recursion."""
    level = [value]
    for _ in range(levels):
        level = [child for node in level for child in _children(node)]
    return any(isinstance(node, (dict, list)) for node in level)


def _numbers(value: Any) -> Iterator[int | float]:
    """Yield the numbers in a JSON value, without recursion."""
    nodes = [value]
    while nodes:
        node = nodes.pop()
        if isinstance(node, int | float):
            yield node
        nodes += _children(node)


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def moment(field: str, value: Any) -> datetime | None:
    """Return the moment in UTC. It must have a time zone."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise InvalidInput(field, f"is {value!r:.50}, not a time")
    if timezone.is_naive(value):
        raise InvalidInput(field, "has no time zone; add one, for example Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:  # the first or the last day of the calendar
        raise InvalidInput(field, "lies out of range; give another time") from None


def future(field: str, value: datetime | None) -> datetime | None:
    """Return the moment if it lies in the future, by the database's time."""
    value = moment(field, value)
    if value is not None and value <= clock.now():
        raise InvalidInput(field, "lies in the past; give a later time")
    return value


def ordered(
    first_field: str, first: datetime | None, last_field: str, last: datetime | None
) -> None:
    """Refuse two moments in the wrong order."""
    if first is not None and last is not None and last <= first:
        raise InvalidInput(last_field, f"must be later than {first_field}")


def notification(
    *,
    title: str,
    message: str,
    type: str = "system",
    priority: str = "medium",
    channels: Sequence[str] = (Channel.IN_APP.value,),
    metadata: Mapping[str, Any] | None = None,
    scheduled_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> dict[str, Any]:
    """Return the checked fields of a new notification."""
    clean = {
        "title": text("title", title, TITLE_LENGTH),
        "message": text("message", message, MESSAGE_LENGTH),
        "type": choice("type", type, NotificationType),
        "priority": choice("priority", priority, Priority),
        "channels": _FIELDS["channels"](channels),
        "metadata": _FIELDS["metadata"](metadata),
        "scheduled_at": moment("scheduled_at", scheduled_at),
        "expires_at": future("expires_at", expires_at),
    }
    ordered("scheduled_at", clean["scheduled_at"], "expires_at", clean["expires_at"])
    return clean


def announcement(
    *,
    title: str,
    message: str,
    severity: str = "info",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> dict[str, Any]:
    """Return the checked fields of an announcement that is not published yet."""
    clean: dict[str, Any] = {
        "title": text("title", title, TITLE_LENGTH),
        "message": text("message", message, ANNOUNCEMENT_LENGTH),
        "severity": choice("severity", severity, Severity),
        "starts_at": moment("starts_at", starts_at),
        "ends_at": future("ends_at", ends_at),
    }
    ordered("starts_at", clean["starts_at"], "ends_at", clean["ends_at"])
    return clean


# How to check each field before a save. `message` is checked by its model's length.
_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "title": partial(text, "title", limit=TITLE_LENGTH),
    "type": partial(choice, "type", choices=NotificationType),
    "priority": partial(choice, "priority", choices=Priority),
    "severity": partial(choice, "severity", choices=Severity),
    "status": partial(choice, "status", choices=Status),
    "channels": channels,
    "metadata": metadata,
    **{
        name: partial(moment, name)
        for name in ("seen_at", "read_at", "scheduled_at", "expires_at", "starts_at", "ends_at")
    },
}


def check(row: Model, names: Iterable[str]) -> set[str]:
    """Check these fields of a row and set their clean values. Raises InvalidInput.

    Returns the fields that the database computes: they can only be checked after the save.
    """
    message = cast("TextField[str, str]", row._meta.get_field("message"))
    assert message.max_length is not None
    computed: set[str] = set()
    for name in names:
        value = getattr(row, name)
        if hasattr(value, "resolve_expression"):
            computed.add(name)
        elif name == "message":
            setattr(row, name, text(name, value, message.max_length))
        else:
            setattr(row, name, _FIELDS[name](value))
    return computed


def check_values(row: Model, names: Iterable[str]) -> None:
    """Check these fields of a row. Raises InvalidInput also for what the database computes."""
    if computed := check(row, names):
        raise InvalidInput(min(computed), "is computed; save the row by itself, or give a value")
