"""What waits for staff is counted by age, and a day's wait is a doubt."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F

from hoardrun.ledger.models import Account
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.staff_readings import FOR_STAFF, left_waiting
from tests.hoardrun.payments.queue.support import held


def test_what_waits_is_counted_by_age(ugx: Account):
    rows = [held(ugx) for _ in range(3)]
    for row, hours in zip(rows, (0, 2, 30), strict=True):
        ProviderPayment.objects.filter(pk=row.pk).update(
            staff_since=F("staff_since") - timedelta(hours=hours)
        )
    counts = FOR_STAFF.read()["payments_for_staff"]
    assert {age: counts["mtn", age] for age in ("hour", "day", "older")} == {
        "hour": 1, "day": 1, "older": 1,
    }  # fmt: skip
    assert counts["daraja", "older"] == 0
    assert list(left_waiting()) == [
        "1 payment has waited for staff for more than a day: see the page Waiting for staff"
    ]


def test_nothing_waits(ugx: Account):
    held(ugx)
    assert list(left_waiting()) == []
