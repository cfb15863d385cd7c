"""Find the payment that a callback is about, where its URL is one for all payments."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from hoardrun.ledger.money import minor_of
from hoardrun.payments.evidence import Evidence
from hoardrun.payments.models import OPEN, ProviderPayment
from hoardrun.payments.providers.interface import Purpose
from realtime.errors import Refused

WITHIN = timedelta(days=1)


def payment_named(provider: str, purpose: Purpose, told: Evidence) -> UUID | None:
    """Return the payment of a callback; None if there is none or more than one."""
    if purpose == "account":
        return _paid_to_account(provider, told)
    named = Q(provider_request_id=told.provider_request_id) if told.provider_request_id else Q()
    with suppress(ValueError):  # it has no id of ours
        named |= Q(pk=UUID(told.reference))
    if not named:
        return None
    return _only(ProviderPayment.objects.filter(named, provider=provider))


def _paid_to_account(provider: str, told: Evidence) -> UUID | None:
    """Return the open payment of an account and an amount.

    A push whose answer was lost has no id of the provider's: account and amount identify it. The
    phone does not count, as it may be masked or a hash.
    """
    if not told.account or told.amount is None:
        return None
    try:
        minor = minor_of(told.amount, told.currency)
    except Refused:  # no payment of ours is of such an amount
        return None
    return _only(
        ProviderPayment.objects.filter(
            OPEN,
            provider=provider,
            kind="collect",
            reference=told.account,
            currency=told.currency,
            minor=minor,
            created_at__gt=Now() - WITHIN,
        )
    )


def _only(rows: QuerySet[ProviderPayment]) -> UUID | None:
    found = list(rows.values_list("pk", flat=True)[:2])
    return found[0] if len(found) == 1 else None
