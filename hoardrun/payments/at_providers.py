"""Hold what providers say that we have there against our books, each minute.

Called by the worker that asks for balances. The findings are in `stats --check`, in a gauge, and in
the admin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Sum

from hoardrun.ledger.journal.floats import (
    Bounds,
    Purse,
    bounds_of,
    floats_findings,
    told_store,
)
from hoardrun.ledger.journal.models import FloatCheck
from hoardrun.ledger.money import Currency, amount_of
from hoardrun.payments.choices import Kind
from hoardrun.payments.models import OPEN, ProviderPayment
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.providers.settings import configured, given
from hoardrun.payments.reconciling.suspense import suspense_release
from realtime.meters.fleet import Reading, gauge


def books_allow() -> dict[Purse, Bounds]:
    """Return what each provider that is set up may say now."""
    coming: Counter[Purse] = Counter()
    going: Counter[Purse] = Counter()
    under_way = ProviderPayment.objects.filter(OPEN).values_list("provider", "currency", "kind")
    sums = under_way.annotate(Sum("minor"), Sum("fee_minor"))
    for provider, currency, kind, minor, fees in sums:
        way = coming if kind == Kind.COLLECT else going
        way[provider, currency] += minor
        going[provider, currency] += fees  # the provider may have taken its charge
    purses = [(name, currency) for name in configured() for currency in given(name).currencies]
    return bounds_of(purses, coming, going)


def floats_check(told: Mapping[Purse, int], before: Mapping[Purse, Bounds]) -> None:
    """Store what was told of each float, beside what the books allowed before and allow now."""
    suspense_release()
    told_store(told, before, books_allow())


def floats_doubt() -> Iterator[str]:
    """Say which providers have more or less of our money than our books."""
    for found in floats_findings() if configured() else ():
        yield (
            f"{found.what} is {found.found}, by our books {found.expected}: import its statement, "
            "or book what is missing by a correction"
        )


def _read() -> dict[str, Any]:
    found = {
        (row.provider, row.currency): float(amount_of(row.difference, row.currency))
        for row in FloatCheck.objects.all()
    }
    return {"float_difference": found}


FLOATS = Reading(
    (
        gauge(
            "float_difference",
            "How much more a provider has of our money than our books allow; below 0, less.",
            provider=PROVIDERS,
            currency=Currency.values,
        ),
    ),
    _read,
)
