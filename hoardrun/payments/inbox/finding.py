"""Find the payment that a callback is about, where its URL is one for all payments."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from hoardrun.ledger.money import minor_of
from hoardrun.payments.cleaning import NO_REFERENCE
from hoardrun.payments.evidence import Evidence
from hoardrun.payments.models import OPEN, ProviderPayment
from hoardrun.payments.providers.interface import Purpose
from hoardrun.payments.states import State
from realtime.errors import Refused

WITHIN = timedelta(days=1)
# The answer to a question of ours may have none.
_WITHOUT_RECEIPT = Q(state=State.SUCCEEDED.value, provider_txn_id="")


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


def to_account(provider: str, told: Evidence) -> QuerySet[ProviderPayment]:
    """Select the payments of an account that may still be paid, or lack their receipt.

    The phone does not count, as it may be masked or a hash.
    """
    rows = waiting(provider)
    return rows.filter(reference=told.account) if told.account else rows.none()


def waiting(provider: str) -> QuerySet[ProviderPayment]:
    """Select the payments that money may come for."""
    return ProviderPayment.objects.filter(
        OPEN | _WITHOUT_RECEIPT,
        provider=provider,
        kind="collect",
        created_at__gt=Now() - WITHIN,
    )


def of_amount(rows: QuerySet[ProviderPayment], told: Evidence) -> QuerySet[ProviderPayment]:
    """Select those of the amount that was paid."""
    try:
        minor = None if told.amount is None else minor_of(told.amount, told.currency)
    except Refused:  # no payment of ours is of such an amount
        minor = None
    return rows.filter(currency=told.currency, minor=minor) if minor else rows.none()


def _paid_to_account(provider: str, told: Evidence) -> UUID | None:
    """Return the payment that was paid to an account.

    A push whose answer was lost has no id of the provider's: account and amount identify it. One
    that is known by its receipt may have ended, as M-Pesa tells of our own prompts here as well.
    Money is the receipt of one that is paid already only if its own phone is named plainly: else it
    may be somebody else's, and a refund of the one would take it back from the other. So it is with
    the account that all prompts without a reference have.
    """
    if receipt := told.provider_txn_id:
        known = _only(ProviderPayment.objects.filter(provider=provider, provider_txn_id=receipt))
        if known is not None:
            return known
    fits = Q(msisdn=told.payer)
    if told.account != NO_REFERENCE:
        fits |= OPEN
    return _only(of_amount(to_account(provider, told).filter(fits), told))


def _only(rows: QuerySet[ProviderPayment]) -> UUID | None:
    found = list(rows.values_list("pk", flat=True)[:2])
    return found[0] if len(found) == 1 else None
