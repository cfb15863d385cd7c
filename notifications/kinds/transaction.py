"""Messages about money that name no kind. The kinds of transactions stand in the ledger."""

from __future__ import annotations

from datetime import timedelta

from notifications.kinds.kind import Kind, Reach, Rung
from notifications.kinds.values import General

KINDS = (
    Kind(
        name="transaction.general",
        title="Other messages about transactions",
        type="transaction",
        category="transaction",
        variables=General,
        samples=(General(title="Transfer", message="Your transfer is on its way."),),
        ladder=(
            Rung(channel="push", after=timedelta(seconds=10), unless=Reach.SEEN),
            Rung(channel="email", chosen=False),
        ),
        privacy="secret",
    ),
)
