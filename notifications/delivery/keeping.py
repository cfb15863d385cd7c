"""Forget what messages said: their proof is kept, their values are not.

A job that every node has, and one at a time does for all.
"""

from __future__ import annotations

from datetime import timedelta

from notifications.models import Delivery
from realtime import clock, jobs

KEPT = timedelta(days=90)
EVERY_SECONDS = 86_400.0  # it reads the whole table
BATCH = 1000
NAME = "forget_texts"


def forget_texts() -> int:
    """Empty the values of the texts of old deliveries; return of how many."""
    if not jobs.claim(NAME, EVERY_SECONDS):
        return 0
    before = clock.now() - KEPT
    old = Delivery.objects.filter(created_at__lt=before, context__isnull=False)
    total = 0
    while some := list(old.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        total += Delivery.objects.filter(pk__in=some).update(context=None)
    return total
