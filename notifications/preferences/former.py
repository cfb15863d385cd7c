"""The preferences in the shape of an older API: a switch a type, a switch a channel, quiet hours.

It shows less than there is: what it does not show, it leaves as it is. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from notifications.kinds import CHANNELS, Channel, Kind, all_kinds
from notifications.messages import NotificationType, PreferencesChanged
from notifications.preferences.values import ALL, CATEGORY, EVERY_DAY, zone
from realtime.errors import InvalidInput

TYPES: tuple[str, ...] = get_args(NotificationType)
OFF = dict.fromkeys(CHANNELS, False)
WORDING = "The switch `{}` of the settings form."  # which an older app has shown


def shown(chosen: PreferencesChanged, consents: frozenset[tuple[Channel, str]]) -> dict[str, Any]:
    """Describe what is chosen. A type is off if all its categories are, by all channels."""
    window = chosen.quiet[0] if chosen.quiet else None
    return {
        **{name: _is_on(name, chosen, consents) for name in TYPES},
        **{name: chosen.cells.get(ALL, {}).get(name, True) for name in CHANNELS},
        "quiet_hours_start": window.start if window else None,
        "quiet_hours_end": window.end if window else None,
        "timezone": chosen.zone or None,
    }


def changes(
    chosen: PreferencesChanged, now: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Say what to change so that `shown`, which is `now`, becomes `wanted`. Raises InvalidInput.

    Consents are apart, see `consents`. What is required goes out in any case.
    """
    changed = {name for name, value in wanted.items() if value != now[name]}
    result: dict[str, Any] = {}
    cells: dict[str, dict[str, bool | None]] = {}
    for name in changed.intersection(TYPES):
        for scope in _scopes(name):
            is_on = wanted[name] or _needs_consent(name)  # taking that back is enough
            cells[scope] = dict.fromkeys(CHANNELS, None if is_on else False)
    for name in changed.intersection(CHANNELS):
        cells.setdefault(ALL, {})[name] = None if wanted[name] else False
    if cells:
        result["cells"] = cells
    if "timezone" in changed:
        result["zone"] = zone(wanted["timezone"], "timezone")
    if changed & {"quiet_hours_start", "quiet_hours_end"}:
        result["quiet"] = _quiet({**now, **wanted})
    return result


def consents(now: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """Say which consents, by category and channel, a changed switch gives or takes back."""
    return [
        (kind.category, channel, bool(wanted[name]))
        for name in TYPES
        if name in wanted and wanted[name] != now[name]
        for kind in _kinds(name)
        if kind.opt_in
        for channel in sorted({rung.channel for rung in kind.ladder})
    ]


def _quiet(times: Mapping[str, Any]) -> list[dict[str, Any]]:
    start, end = times["quiet_hours_start"], times["quiet_hours_end"]
    if start is None and end is None:
        return []
    if start is None or end is None or start == end:
        raise InvalidInput("quiet_hours_end", "needs `quiet_hours_start`, and another time than it")
    if not times["timezone"]:
        raise InvalidInput("timezone", "is needed for quiet hours; give one such as Africa/Nairobi")
    return [{"start": start, "end": end, "days": EVERY_DAY}]


def _is_on(name: str, chosen: PreferencesChanged, granted: frozenset[tuple[Channel, str]]) -> bool:
    if _needs_consent(name):
        return any(f"{CATEGORY}{category}" in _scopes(name) for _, category in granted)
    switches = [chosen.cells.get(scope, {}) for scope in _scopes(name)]
    return not switches or not all(OFF.items() <= each.items() for each in switches)


def _needs_consent(name: str) -> bool:
    return any(kind.opt_in for kind in _kinds(name))


def _kinds(name: str) -> list[Kind]:
    return [kind for kind in all_kinds() if kind.type == name]


def _scopes(name: str) -> list[str]:
    return sorted({f"{CATEGORY}{kind.category}" for kind in _kinds(name)})
