"""Check what a user may choose. Pure; each function returns the clean value or raises InvalidInput.

`Preference` describes the shapes. Nothing is converted to UTC: quiet hours stay local.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_precision, is_currency

from notifications.kinds import CHANNELS, Kind, all_kinds, find
from notifications.languages import CODES
from notifications.languages import find as find_language
from realtime.errors import InvalidInput

ALL = "all"
KIND = "kind:"
CATEGORY = "category:"
EVERY_DAY = 127
MAX_WINDOWS = 14
MAX_AMOUNT = Decimal(10**15)
DIGESTS = ("daily", "weekly")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_WINDOW = {"days", "start", "end"}

Cells = dict[str, dict[str, bool]]


def categories() -> dict[str, list[Kind]]:
    """Return the kinds of each category, in the order of their names.

    A kind without a ladder leaves nothing to choose.
    """
    found: dict[str, list[Kind]] = {}
    for kind in all_kinds():
        if kind.ladder:
            found.setdefault(kind.category, []).append(kind)
    return found


def merged(chosen: Cells, changes: Any) -> Cells:
    """Apply switches to what is chosen; null takes a choice back."""
    result = {scope: dict(switches) for scope, switches in chosen.items()}
    for scope, switches in _mapping("cells", changes).items():
        name = f"cells.{scope:.64}"
        kind = _scope(name, scope)
        for channel, on in _mapping(name, switches).items():
            _switch(f"{name}.{channel:.16}", kind, channel, on)
            if on is None:
                result.get(scope, {}).pop(channel, None)
            else:
                result.setdefault(scope, {})[channel] = on
    return {scope: switches for scope, switches in sorted(result.items()) if switches}


def _scope(name: str, scope: str) -> Kind | None:
    """Check what a switch is of; return the kind if it is of one."""
    if scope.startswith(KIND):
        kind = find(scope.removeprefix(KIND))
        if kind is None:
            raise InvalidInput(name, "is no kind of notification here; `GET preferences` has them")
        return kind
    if scope != ALL and scope.removeprefix(CATEGORY) not in categories():
        known = ", ".join(categories())
        raise InvalidInput(name, f"is neither `all`, `kind:<kind>` nor `category:` with {known}")
    return None


def _switch(name: str, kind: Kind | None, channel: str, on: Any) -> None:
    if channel not in CHANNELS:
        raise InvalidInput(name, f"is no channel; there are {', '.join(CHANNELS)}")
    if switch(name, on) is None or kind is None:
        return
    if channel not in {rung.channel for rung in kind.ladder}:
        raise InvalidInput(name, f"{kind.title} is never sent by {channel}")
    if not on and channel in kind.required_channels:
        raise InvalidInput(name, f"{kind.title} is always sent by {channel}; it stays on")


def switch(name: str, value: Any) -> bool | None:
    """Check a switch that may be left to the default."""
    if value is not None and not isinstance(value, bool):
        raise InvalidInput(name, "must be true, false or null")
    return value


def windows(value: Any) -> list[dict[str, Any]]:
    """Check quiet hours: several windows, each of local times and weekdays."""
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MAX_WINDOWS:
        raise InvalidInput("quiet", f"must be a list of at most {MAX_WINDOWS} windows")
    return [_window(f"quiet.{number}", window) for number, window in enumerate(value)]


def _window(name: str, value: Any) -> dict[str, Any]:
    given = _mapping(name, value)
    if given.keys() - _WINDOW or not given.keys() >= {"start", "end"}:
        raise InvalidInput(name, "takes `start`, `end` and `days`")
    days = given.get("days", EVERY_DAY)
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= EVERY_DAY:
        raise InvalidInput(f"{name}.days", "must be 1 to 127: bit 0 is Monday, bit 6 is Sunday")
    start, end = (local_time(f"{name}.{edge}", given[edge]) for edge in ("start", "end"))
    if start == end:
        raise InvalidInput(
            f"{name}.end",
            "equals `start`; for a whole day give two windows, 00:00 to 12:00 and 12:00 to 00:00",
        )
    return {"days": days, "start": start, "end": end}


def local_time(name: str, value: Any) -> str:
    """Check a local time such as 22:00."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise InvalidInput(name, "must be a time such as 22:00")
    return value


def digests(chosen: Mapping[str, str], changes: Any) -> dict[str, str]:
    """Apply choices of digests to those there are; null takes one back."""
    known = {name for name, kinds in categories().items() if any(k.digestible for k in kinds)}
    result = dict(chosen)
    for category, how in _mapping("digests", changes).items():
        name = f"digests.{category:.64}"
        if category not in known:
            raise InvalidInput(name, "is no category whose notifications can wait for a digest")
        if how is None:
            result.pop(category, None)
        elif how not in DIGESTS:
            raise InvalidInput(name, f"must be one of {', '.join(DIGESTS)}, or null")
        else:
            result[category] = how
    return dict(sorted(result.items()))


@cache
def zones() -> frozenset[str]:
    """Return the names of the time zones: those of places, and UTC."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def zone(value: Any, name: str = "zone") -> str:
    """Check the name of a time zone; empty for none."""
    if value not in ("", None) and (not isinstance(value, str) or value not in zones()):
        raise InvalidInput(name, f"{value!r:.50} is no time zone; give one such as Africa/Nairobi")
    return value or ""


def language(value: Any) -> str:
    """Check a language that we have texts in, such as `sw` or `en-UG`; empty for none."""
    if value not in ("", None) and (not isinstance(value, str) or find_language(value) is None):
        raise InvalidInput("locale", f"is none of {', '.join(CODES)}, with or without a region")
    return locale(value)


def locale(value: Any) -> str:
    """Check the name of any language, as browsers have it; empty for none."""
    if value in ("", None):
        return ""
    try:
        return str(Locale.parse(str(value), sep="-")).replace("_", "-")
    except (UnknownLocaleError, ValueError):
        raise InvalidInput(
            "locale", "is no language known here; give one such as sw or en-UG"
        ) from None


def muted_until(value: datetime | None, now: datetime) -> datetime | None:
    """Check a time in UTC; one that has passed is the same as none."""
    if value is None:
        return None
    try:
        moment = value.astimezone(UTC) if value.tzinfo else None
    except OverflowError:
        moment = None
    if moment is None:
        raise InvalidInput("muted_until", "must be a time with its zone, such as 2026-12-01T06:00Z")
    return moment if moment > now else None


def threshold(amount: Any, currency: Any) -> tuple[Decimal | None, str]:
    """Check the amount from which debits always go by SMS, with its currency; both or neither."""
    if amount in (None, "") and not currency:
        return None, ""
    if amount in (None, "") or not currency:
        raise InvalidInput("sms_above", "needs `sms_above_currency`, and the other way round")
    if not isinstance(currency, str) or not is_currency(currency):
        raise InvalidInput("sms_above_currency", "is no currency; give its code, such as KES")
    try:
        exact = Decimal(amount)
    except (InvalidOperation, TypeError, ValueError):
        raise InvalidInput("sms_above", "is no amount; send it as text") from None
    if not exact.is_finite() or not 0 <= exact < MAX_AMOUNT:
        raise InvalidInput("sms_above", "is no amount that an account can have")
    places = get_currency_precision(currency)
    rounded = exact.quantize(Decimal(1).scaleb(-places))
    if rounded != exact:
        raise InvalidInput("sms_above", f"has more than the {places} decimals of {currency}")
    return rounded, currency


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidInput(name, "must be an object")
    return dict(value)
