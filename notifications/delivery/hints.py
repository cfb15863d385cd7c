"""Hints for workers: what is due is taken up before their poll, by whichever has that channel."""

from __future__ import annotations

from collections.abc import Iterable

from notifications.choices import DeliveryState
from notifications.kinds import Channel
from notifications.models import Delivery
from realtime.outgoing.nudge import nudge


def topic(channel: Channel) -> str:
    """Return the topic of hints that something is queued for a channel."""
    return f"deliveries.{channel}"


def queued(rows: Iterable[Delivery]) -> None:
    """Hint at deliveries that are queued, once the caller's transaction has committed."""
    channels = {row.channel for row in rows if row.state == DeliveryState.QUEUED}
    for channel in sorted(channels):
        nudge(topic(channel))  # type: ignore[arg-type]  # its choices are these
