"""List the switches of a user by kind and channel, with their reasons, for the settings page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec.structs import asdict

from notifications.kinds import CHANNELS, Kind
from notifications.policy.facts import Chosen
from notifications.policy.resolve import resolve
from notifications.preferences.values import categories
from notifications.texts import category_name, kind_name


def matrix(chosen: Chosen, now: datetime, *, locale: str = "") -> list[dict[str, Any]]:
    """Return the categories with their kinds, and each kind's cell of each channel it goes by.

    Titles are in the language of `locale`, without one in the language that is chosen.
    """
    locale = locale or chosen.locale
    return [
        {
            "category": category,
            "title": category_name(category, locale=locale),
            "digestible": any(kind.digestible for kind in kinds),
            "needs_consent": any(kind.opt_in for kind in kinds),
            "kinds": [_row(kind, chosen, now, locale) for kind in kinds],
        }
        for category, kinds in categories().items()
    ]


def _row(kind: Kind, chosen: Chosen, now: datetime, locale: str) -> dict[str, Any]:
    found = {channel: resolve(kind, channel, chosen, now) for channel in CHANNELS}
    cells = {channel: asdict(cell) for channel, cell in found.items() if cell.source != "none"}
    title = kind_name(kind.name, locale=locale)
    return {"kind": kind.name, "title": title, "type": kind.type, "channels": cells}
