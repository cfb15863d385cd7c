"""Check what a notification and an announcement may hold. No other module decides that.

Called by services and forms for their input, and by the models, through `check`, before they
save. So no row exists that the protocol cannot carry. Each function returns the clean value or
raises InvalidInput. Lengths are in characters, that is Unicode code points.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Required, TypedDict, cast

import msgspec
from django.db.models import DateTimeField, Field, JSONField, Model
from django.utils import timezone

from notifications.choices import Channel
from realtime import clock
from realtime.core.text import all_text, is_text
from realtime.errors import InvalidInput
from realtime.protocol.commands import MAX_SAFE_INTEGER

TITLE_LENGTH = 200
MESSAGE_LENGTH = 1000
ANNOUNCEMENT_LENGTH = 5000
KIND_LENGTH = 50
KEY_LENGTH = 200
ACTOR_LENGTH = 100
WHY_LENGTH = 200  # of a reason that staff gives
MAX_METADATA_BYTES = 8 * 1024  # half of what a wake-up carries inline
# Unicode calls them letters or signs, but they leave no mark.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
MAX_METADATA_DEPTH = 20  # JSON parsers recurse: a deeper row could not be read again
_KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_PERIODS = (("scheduled_at", "expires_at"), ("starts_at", "ends_at"))


class NotificationContent(TypedDict, total=False):
    """The fields of a new notification; a missing one has the default of its column."""

    title: Required[str]
    message: Required[str]
    type: str
    priority: str
    channels: Sequence[str]
    metadata: Mapping[str, Any] | None
    scheduled_at: datetime | None
    expires_at: datetime | None


class NotificationTrigger(TypedDict, total=False):
    """The input of `notification_create`: the content, and what is given once and never edited.

    Title and message may be left out where the kind has texts. `kind` is what happened, such as
    `transaction.debit`, and `context` the values that its texts are made of. `key` is the
    sender's own name for the notification, of which there is one for each user. `actor` is
    the one who triggers it. `supersedes` is an older one that it makes void.
    """

    title: str
    message: str
    type: str
    priority: str
    channels: Sequence[str]
    metadata: Mapping[str, Any] | None
    scheduled_at: datetime | None
    expires_at: datetime | None
    kind: str
    context: Mapping[str, Any] | msgspec.Struct | None
    key: str | None
    actor: str
    supersedes: int | str | None


class AnnouncementContent(TypedDict, total=False):
    """The fields of a new announcement; a missing one has the default of its column."""

    title: Required[str]
    message: Required[str]
    severity: str
    starts_at: datetime | None
    ends_at: datetime | None


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


def why_given(value: Any) -> str:
    """Return the reason that a member of staff gives for an act. Raises InvalidInput without."""
    return text("why", value, WHY_LENGTH)


def is_visible(character: str) -> bool:
    """Return whether a character is visible: a letter, a digit or a sign."""
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK


def choice(field: str, value: Any, choices: Sequence[str]) -> str:
    """Return the value if it is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise InvalidInput(field, f"is {value!r:.50}, not one of {', '.join(choices)}")
    return str(value)


def channels(values: Any) -> list[str]:
    """Return the channels, each once, in the order given."""
    if isinstance(values, str) or not isinstance(values, Sequence) or not values:
        raise InvalidInput("channels", "must be a list of at least one channel")
    return list(dict.fromkeys(choice("channels", value, Channel.values) for value in values))


def kind(value: Any) -> str:
    """Return the name of a kind, or nothing for a notification that has none of its own."""
    if not isinstance(value, str) or len(value) > KIND_LENGTH:
        raise InvalidInput("kind", f"is {value!r:.50}, not the name of a kind")
    if value and not _KIND.fullmatch(value):
        raise InvalidInput("kind", f"is {value!r:.50}; write it like transaction.debit")
    return value


def json_object(field: str, value: Any) -> dict[str, Any]:
    """Return the mapping as plain JSON."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInput(field, "must be an object")
    try:
        plain: dict[str, Any] = msgspec.to_builtins(dict(value), str_keys=True)
        encoded = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
        if len(encoded) > MAX_METADATA_BYTES:
            raise InvalidInput(
                field, f"has {len(encoded)} bytes as JSON; at most {MAX_METADATA_BYTES} fit"
            )
    except UnicodeEncodeError:
        raise InvalidInput(field, "holds characters that are not text; remove them") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(field, f"cannot be written as JSON: {error}") from None
    if not all_text(plain):
        raise InvalidInput(field, "holds a NUL character; remove it")
    _check_json(field, plain)
    return plain


def _check_json(field: str, node: Any, depth: int = 0) -> None:
    """Check how deep a JSON value is, and that each of its numbers is kept exactly."""
    if isinstance(node, dict | list):
        if depth == MAX_METADATA_DEPTH:
            raise InvalidInput(field, f"is nested more than {depth} levels deep")
        for child in node.values() if isinstance(node, dict) else node:
            _check_json(field, child, depth + 1)
    elif isinstance(node, int | float) and not abs(node) <= MAX_SAFE_INTEGER:  # or NaN
        raise InvalidInput(
            field,
            f"holds the number {node!r:.50}; beyond {MAX_SAFE_INTEGER} numbers are not kept "
            "exactly, so send it as text",
        )


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


def _clean(column: Field[Any, Any], value: Any) -> Any:
    """Return the clean value of a column, as its type, length and choices say."""
    if isinstance(column, DateTimeField):
        return moment(column.name, value)
    if isinstance(column, JSONField):
        return channels(value) if column.name == "channels" else json_object(column.name, value)
    if column.name == "kind":
        return kind(value)
    if column.choices:
        return choice(column.name, value, [str(word) for word, _ in column.flatchoices])
    assert column.max_length is not None
    return text(column.name, value, column.max_length)


def check(row: Model, names: Iterable[str]) -> set[str]:
    """Check these fields of a row and set their clean values. Raises InvalidInput.

    Returns the fields that the database computes: they can only be checked after the save.
    """
    computed: set[str] = set()
    for name in names:
        value = getattr(row, name)
        if hasattr(value, "resolve_expression"):
            computed.add(name)
        else:
            column = cast("Field[Any, Any]", row._meta.get_field(name))
            setattr(row, name, _clean(column, value))
    return computed


def check_values(row: Model, names: Iterable[str]) -> None:
    """Check these fields of a row. Raises InvalidInput also for what the database computes."""
    if computed := check(row, names):
        raise InvalidInput(min(computed), "is computed; save the row by itself, or give a value")


def new_fields(model: type[Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the clean fields of a new row. Raises InvalidInput, also if it ends too early."""
    clean = clean_fields(model, values)
    check_periods(clean)
    return clean


def clean_fields(model: type[Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the clean fields of a row; times are not compared with now. Raises InvalidInput."""
    row = model(**values)
    check_values(row, values)
    return {name: getattr(row, name) for name in values}


def check_periods(clean: Mapping[str, Any]) -> None:
    """Check that a new row ends later than now, and than it begins. Raises InvalidInput."""
    for first, last in _PERIODS:
        start, end = clean.get(first), future(last, clean.get(last))
        if start is not None and end is not None and end <= start:
            raise InvalidInput(last, f"must be later than {first}")
