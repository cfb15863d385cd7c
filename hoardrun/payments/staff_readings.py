"""Readings of what waits for staff: a gauge by age, and the doubt of `stats --check`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, TextField, Value, When
from django.db.models.functions import Now

from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.providers.registry import PROVIDERS
from realtime import clock
from realtime.meters.fleet import Reading, gauge

AGES: Mapping[str, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
OLDER = "older"


def _read() -> dict[str, Any]:
    waiting = ProviderPayment.objects.filter(staff_since__isnull=False)
    aged = waiting.annotate(age=_age(clock.now())).values_list("provider", "age")
    counts = dict.fromkeys(((name, age) for name in PROVIDERS for age in (*AGES, OLDER)), 0)
    for name, age, count in aged.annotate(Count("pk")):
        counts[name, age] = count
    return {"payments_for_staff": counts}


def _age(now: datetime) -> Case:
    since = [When(staff_since__gt=now - age, then=Value(name)) for name, age in AGES.items()]
    return Case(*since, default=Value(OLDER), output_field=TextField())


FOR_STAFF = Reading(
    (
        gauge(
            "payments_for_staff",
            "Payments that wait for staff, by how long: up to an hour, a day, longer.",
            provider=PROVIDERS,
            age=(*AGES, OLDER),
        ),
    ),
    _read,
)


def left_waiting() -> Iterator[str]:
    """Say that payments have waited for staff for more than a day."""
    count = ProviderPayment.objects.filter(staff_since__lt=Now() - AGES["day"]).count()
    if count:
        noun = "payment has" if count == 1 else "payments have"
        yield f"{count} {noun} waited for staff for more than a day: see the page Waiting for staff"
