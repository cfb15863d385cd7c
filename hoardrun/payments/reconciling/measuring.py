"""Readings of the deployment: what does not agree with the statements of providers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, Sum, TextField, Value, When

from hoardrun.ledger.money import Currency
from hoardrun.payments.reconciling.choices import FINDINGS
from hoardrun.payments.reconciling.models import OPEN, Match
from realtime import clock
from realtime.meters.fleet import Reading, gauge

AGES = {"day": timedelta(days=1), "week": timedelta(days=7)}
OLDER = "older"


def _read() -> dict[str, Any]:
    aged = Match.objects.filter(OPEN).annotate(age=_age(clock.now()))
    counts = dict.fromkeys(((what, age) for what in FINDINGS for age in (*AGES, OLDER)), 0)
    for what, age, count in aged.values_list("what", "age").annotate(Count("pk")):
        counts[what, age] = count
    amounts = {
        (currency, age): float(total)
        for currency, age, total in aged.values_list("currency", "age").annotate(Sum("amount"))
    }
    return {"payments_unreconciled": counts, "payments_unreconciled_amount": amounts}


def _age(now: datetime) -> Case:
    since = [When(created_at__gt=now - age, then=Value(name)) for name, age in AGES.items()]
    return Case(*since, default=Value(OLDER), output_field=TextField())


UNRECONCILED = Reading(
    (
        gauge(
            "payments_unreconciled",
            "Open findings of statements of providers, by age: up to a day, a week, older.",
            finding=FINDINGS,
            age=(*AGES, OLDER),
        ),
        gauge(
            "payments_unreconciled_amount",
            "The money in doubt, likewise.",
            currency=Currency.values,
            age=(*AGES, OLDER),
        ),
    ),
    _read,
)
