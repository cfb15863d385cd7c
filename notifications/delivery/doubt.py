"""Deliveries that end although nobody knows whether an earlier call has reached their user.

None of them may end as if nothing had been sent: it is `unresolved`, and its reason says why it was
not sent once more. A look-up settles an SMS before it is queued again.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Count, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Now

from notifications import kinds
from notifications.choices import DeliveryState
from notifications.models import Attempt, Delivery
from realtime.outgoing import Outcome

HELD = "after_restore"  # what was to be sent before a restore; of SMS it waits for a person
NOT_REPEATED = "not_repeated"


def may_have_left(row: Delivery, known: int) -> bool:
    """Say whether a call may have sent a delivery, of whose calls so many ended in a known way."""
    return row.channel != "sms" and (row.attempts > known or row.reason == HELD)


def end(row: Delivery) -> None:
    """End a delivery in doubt that was to end as never sent, for its reason."""
    row.state, row.reason = DeliveryState.UNRESOLVED, _reason(row.reason)


def goes_on(row: Delivery) -> bool:
    """Say whether the ladder of a delivery that nobody knows of goes on, as its kind says."""
    kind = kinds.find(row.kind)
    return kind is None or kind.on_unknown != "hold"


def cancel(waiting: Any, reason: str) -> int:
    """Cancel deliveries that wait to be sent; those in doubt end as such. Returns how many."""
    calls = Attempt.objects.filter(delivery=OuterRef("pk")).exclude(outcome=Outcome.UNKNOWN.value)
    known = Subquery(calls.order_by().values("delivery").annotate(n=Count("pk")).values("n"))
    in_doubt = (Q(attempts__gt=Coalesce(known, 0)) | Q(reason=HELD)) & ~Q(channel="sms")
    changed: int = waiting.update(
        state=Case(
            When(in_doubt, then=Value(DeliveryState.UNRESOLVED.value)),
            default=Value(DeliveryState.CANCELLED.value),
        ),
        reason=Case(When(in_doubt, then=Value(_reason(reason))), default=Value(reason)),
        updated_at=Now(),
    )
    return changed


def _reason(reason: str) -> str:
    return f"{NOT_REPEATED}({reason})"[:64]
