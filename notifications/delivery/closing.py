"""End or wake ladders when something else has changed, in the transaction of that change."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from django.db.models.functions import Now

from notifications.choices import DeliveryState
from notifications.delivery import doubt
from notifications.delivery.ladders import DUE
from notifications.models import Delivery, Escalation
from realtime.outgoing.nudge import nudge

Reason = Literal["cancelled", "superseded", "expired"]


def ladders_close(notification_ids: Collection[int], reason: Reason) -> int:
    """Close the open ladders of notifications and cancel what of them waits to be sent.

    Returns how many ladders were open. A delivery that is being sent goes on.
    """
    # In the order of the locks, deliveries before ladders. What is queued in between is cancelled
    # by its last look, which finds the ladder closed.
    doubt.cancel(
        Delivery.objects.filter(notification__in=notification_ids, state=DeliveryState.QUEUED),
        reason,
    )
    open_ones = Escalation.objects.filter(pk__in=notification_ids, closed_at__isnull=True)
    return open_ones.update(closed_at=Now(), reason=reason)


def ladders_wake(user_id: int) -> int:
    """Let the open ladders of a user be judged at once, because what they depend on has changed.

    Returns how many there are. Deliveries that wait for a time are judged anew by the last look.
    """
    Delivery.objects.filter(user=user_id, state=DeliveryState.QUEUED, not_before__gt=Now()).update(
        not_before=Now(), updated_at=Now()
    )
    waiting = Escalation.objects.filter(user=user_id, closed_at__isnull=True, due_at__gt=Now())
    count = waiting.update(due_at=Now())
    if count:
        nudge(DUE)
    return count


def address_left(address_id: int, reason: str) -> int:
    """Cancel what waits to be sent to an address that its owner has removed or lost.

    Returns how many deliveries that were. Their ladders are judged at once.
    """
    waiting = Delivery.objects.filter(address=address_id, state=DeliveryState.QUEUED)
    rows = list(waiting.select_for_update(no_key=True).order_by("pk"))
    doubt.cancel(waiting.filter(pk__in=[row.pk for row in rows]), reason)
    ladders_go_on(rows)
    return len(rows)


def ladders_go_on(missed: Iterable[Delivery]) -> None:
    """Let the ladders be judged at once whose deliveries have reached nobody, and will not."""
    notifications = {row.notification_id for row in missed if row.notification_id is not None}
    if notifications:
        waiting = Escalation.objects.filter(
            pk__in=notifications, closed_at__isnull=True, due_at__gt=Now()
        )
        if waiting.update(due_at=Now()):
            nudge(DUE)
