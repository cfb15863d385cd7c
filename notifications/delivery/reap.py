"""End the leases of workers that are gone: nobody knows whether their calls were made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Case, DateTimeField, ExpressionWrapper, F, Value, When
from django.db.models.functions import Now

from notifications.choices import DeliveryState
from notifications.delivery import times
from notifications.delivery.steps import UNKNOWN_WAITS
from notifications.models import Delivery
from realtime.retry import one_transaction


def reap() -> int:
    """Mark deliveries whose leases are over as not known; return how many."""
    if not over().exists():  # without a transaction: on SQLite it would take the only write lock
        return 0
    return sum(_reap(channel, times.scaled(wait)) for channel, wait in UNKNOWN_WAITS.items())


def over() -> Any:
    """Select the deliveries whose lease has ended without an outcome."""
    return Delivery.objects.filter(state=DeliveryState.SENDING, lease_until__lte=Now())


@one_transaction
def _reap(channel: str, wait: timedelta) -> int:
    # The lease has lasted longer than a call: what there is to hear may have been said already.
    return int(
        over()
        .filter(channel=channel)
        .update(
            state=Case(
                # An older call was taken meanwhile: it is not sent once more.
                When(accepted_at__isnull=False, then=Value(DeliveryState.ACCEPTED.value)),
                default=Value(DeliveryState.UNKNOWN.value),
            ),
            not_before=ExpressionWrapper(F("lease_until") + wait, output_field=DateTimeField()),
            updated_at=Now(),
        )
    )
