"""The state of a delivery, derived from its facts. Pure: facts may come in any order.

A fact is a time that says when something happened; later ones add to it and never take away. Which
one wins depends on the channel: an SMS that was reported delivered after it had failed has arrived,
an e-mail that bounced after it had been taken has not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from notifications.choices import DeliveryState
from notifications.kinds import Channel
from notifications.models import Delivery

# The column that each fact of a receipt sets. Opened mail says nothing: proxies open it.
COLUMN_OF: Mapping[str, str] = {
    "accepted": "accepted_at",
    "delivered": "delivered_at",
    "failed": "failed_at",
    "bounced": "bounced_at",
    "complained": "complained_at",
    "displayed": "displayed_at",
    "clicked": "clicked_at",
    "dismissed": "dismissed_at",
}
_ARRIVED = ("delivered_at", "displayed_at", "clicked_at", "dismissed_at")
# Facts that only a message has which has left.
LEFT = frozenset({"accepted_at", "complained_at", *_ARRIVED})
_BY_ARRIVAL = (
    (DeliveryState.DELIVERED, _ARRIVED),
    (DeliveryState.BOUNCED, ("bounced_at",)),
    (DeliveryState.FAILED, ("failed_at",)),
    (DeliveryState.ACCEPTED, ("accepted_at", "complained_at")),
)
_BY_BOUNCE = (_BY_ARRIVAL[1], _BY_ARRIVAL[0], *_BY_ARRIVAL[2:])
# Nothing was sent, so nothing can be said about it later.
NEVER_SENT = frozenset({DeliveryState.SKIPPED, DeliveryState.CANCELLED, DeliveryState.EXPIRED})
# States in which nobody was reached: the next rung of the ladder is due at once.
MISSED = frozenset({DeliveryState.FAILED, DeliveryState.BOUNCED, DeliveryState.UNRESOLVED})


def state_of(channel: Channel, facts: Collection[str], state: DeliveryState) -> DeliveryState:
    """Return the state that these facts make, which are named by their columns.

    Without a fact it stays as it is.
    """
    order = _BY_BOUNCE if channel == "email" else _BY_ARRIVAL
    for found, columns in order:
        if any(column in facts for column in columns):
            return found
    return state


def facts_of(row: Delivery) -> set[str]:
    """Return the columns of the facts that are known of a delivery."""
    return {name for name in Delivery.FACTS if getattr(row, name) is not None}


def channel_of(row: Delivery) -> Channel:
    """Return the channel of a delivery."""
    channel: Channel = row.channel  # type: ignore[assignment]  # its choices are these
    return channel
