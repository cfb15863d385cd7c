"""Delete the texts of deliveries after 90 days, and the deliveries themselves after years.

Jobs that every node has, and one at a time does for all.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from notifications.channels.options import options
from notifications.delivery import bill
from notifications.models import Attempt, Delivery, Receipt
from realtime import clock, jobs
from realtime.retry import one_transaction

KEPT = timedelta(days=90)
EVERY_SECONDS = 86_400.0  # it reads the whole table
BATCH = 1000
TEXTS, PROOF = "forget_texts", "forget_proof"


def forget_texts() -> int:
    """Empty the values of the texts of old deliveries; return of how many."""
    if not jobs.claim(TEXTS, EVERY_SECONDS):
        return 0
    before = clock.now() - KEPT
    old = Delivery.objects.filter(created_at__lt=before, context__isnull=False)
    total = 0
    while some := list(old.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        total += Delivery.objects.filter(pk__in=some).update(context=None)
    return total


def forget_proof() -> int:
    """Delete deliveries older than `PROOF_KEPT_DAYS`, with their calls and receipts.

    Returns how many deliveries. What limits of SMS count no more goes as well.
    """
    if not jobs.claim(PROOF, EVERY_SECONDS):
        return 0
    now = clock.now()
    before = now - timedelta(days=options().proof_kept_days)
    bill.direct_forget(now)
    total = 0
    while some := _oldest(before):
        total += _forget(some)
    unmatched = Receipt.objects.filter(delivery__isnull=True, created_at__lt=before)
    while others := list(unmatched.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        Receipt.objects.filter(pk__in=others).delete()
    return total


def _oldest(before: datetime) -> list[int]:
    """Return some deliveries that are to go: their numbers are in the order of their making.

    A row's last change counts, which is never before its last call.
    """
    first = Delivery.objects.order_by("pk").values_list("pk", "updated_at")[:BATCH]
    return [pk for pk, updated_at in first if updated_at < before]


@one_transaction
def _forget(delivery_ids: list[int]) -> int:
    Receipt.objects.filter(delivery__in=delivery_ids).delete()
    Attempt.objects.filter(delivery__in=delivery_ids).forget()
    return Delivery.objects.filter(pk__in=delivery_ids).delete()[0]
