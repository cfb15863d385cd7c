"""Hints to the workers that a payment is to be sent, or asked about, at once."""

from __future__ import annotations

from realtime.outgoing.nudge import nudge

TOPIC = "payments.due"


def payment_is_due() -> None:
    """Have the workers look once the caller's transaction has committed."""
    nudge(TOPIC)
