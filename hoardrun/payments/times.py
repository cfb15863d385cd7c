"""The time of a payment, which tests and demos let pass faster. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Times(Struct, frozen=True):
    """Tells a payment's own time, `scale` times as fast as ours since it was sent.

    Waits of minutes and days are decided in it, and stored as times of ours.
    """

    sent_at: datetime
    scale: float = 1

    def own(self, moment: datetime) -> datetime:
        """Return a time of ours as the payment's."""
        return self.sent_at + (moment - self.sent_at) * self.scale

    def ours(self, moment: datetime) -> datetime:
        """Return a time of the payment's as ours."""
        return self.sent_at + (moment - self.sent_at) / self.scale
