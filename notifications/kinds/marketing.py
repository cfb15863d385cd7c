"""Offers: with consent for each channel, one a day, no SMS at night. They never escalate."""

from __future__ import annotations

from notifications.kinds.kind import Kind, Rung
from notifications.kinds.values import General

LADDER = (
    Rung(channel="push"),
    Rung(channel="sms", hours=("08:00", "20:00")),
    Rung(channel="email"),
)

KINDS = (
    Kind(
        name="marketing.general",
        title="Offers and news",
        type="marketing",
        category="marketing",
        variables=General,
        samples=(General(title="Save more", message="Two percent more until June."),),
        ladder=LADDER,
        priority="low",
        opt_in=True,
        per_day=1,
    ),
)
