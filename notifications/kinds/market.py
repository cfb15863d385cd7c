"""Markets: by push unless seen in the app, by e-mail if chosen."""

from __future__ import annotations

from notifications.kinds.kind import Kind, Reach, Rung
from notifications.kinds.values import General

KINDS = (
    Kind(
        name="market.general",
        title="Other messages about markets",
        type="market",
        category="market",
        variables=General,
        samples=(General(title="Markets", message="The exchange closes early today."),),
        ladder=(
            Rung(channel="push", unless=Reach.SEEN),
            Rung(channel="email", chosen=False),
        ),
        privacy="secret",
    ),
)
