"""The lease and the pauses of deliveries, as the settings of the deployment have them.

DELIVERY_LEASE_SECONDS sets the lease, and with it how soon a call must begin.
ESCALATION_TIME_SCALE divides all pauses of deliveries as it divides those of ladders; what a
provider asks for by Retry-After is kept as it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from notifications.channels.options import options
from notifications.channels.registry import CALL_SHARE
from notifications.models import Delivery

_LATEST = timedelta(seconds=10)  # a look-up knows the time of its call as exactly as this


def lease() -> timedelta:
    """Return how long a claimed message belongs to its worker."""
    return timedelta(seconds=options().delivery_lease_seconds)


def begins_within() -> timedelta:
    """Return how soon after its claim a call must begin."""
    return min(lease() / CALL_SHARE, _LATEST)


def claimed_at(row: Delivery) -> datetime:
    """Return when the claim was that the newest call of a delivery belongs to.

    As long as that is not settled, its lease has not been taken back.
    """
    return row.created_at if row.lease_until is None else row.lease_until - lease()


def scaled(pause: timedelta) -> timedelta:
    """Divide a pause by the scale of this deployment."""
    return pause / settings.ESCALATION_TIME_SCALE
