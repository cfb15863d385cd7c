"""Whether a user gets a kind by a channel, and why: for the decision and for the settings page.

The first of these that says something decides: required, consent, the cell of the kind, that of its
category, that of all, muted until a time, the default of the kind. Pure.
"""

from __future__ import annotations

from datetime import datetime

from notifications.kinds.kind import Channel, Kind, Rung
from notifications.policy.facts import Cell, Chosen, Source

ALL = "all"


def rung_of(kind: Kind, channel: Channel) -> Rung | None:
    """Return the rung of a kind that goes by a channel."""
    return next((rung for rung in kind.ladder if rung.channel == channel), None)


def resolve(kind: Kind, channel: Channel, chosen: Chosen, now: datetime) -> Cell:
    """Return what holds for a kind and a channel; source `none` where no rung has the channel."""
    rung = rung_of(kind, channel)
    if rung is None:
        return Cell(value=False, source="none", locked="not_offered")
    if rung.required:
        return Cell(value=True, source="required", required=True, locked="required")
    if (consent := consent_to(kind, channel, chosen)) is False or (kind.opt_in and not consent):
        return Cell(value=False, source="consent")
    scopes: tuple[tuple[Source, str], ...] = (
        ("kind", f"kind:{kind.name}"),
        ("category", f"category:{kind.category}"),
        ("channel", ALL),
    )
    for source, scope in scopes:
        if (value := chosen.cells.get(scope, {}).get(channel)) is not None:
            return Cell(value=value, source=source)
    if chosen.muted_until is not None and now < chosen.muted_until:
        return Cell(value=False, source="muted")
    return Cell(value=rung.chosen, source="default")


def consent_to(kind: Kind, channel: Channel, chosen: Chosen) -> bool | None:
    """Return the newest consent that concerns a kind by a channel; None if there is none.

    A withdrawal from everything optional on a channel outweighs consents to single categories.
    """
    if chosen.consents.get((channel, "")) is False:
        return False
    return chosen.consents.get((channel, kind.category))
