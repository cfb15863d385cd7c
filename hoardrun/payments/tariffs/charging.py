"""What a payment costs by the rows of today, and whether limits allow it.

Called while a payment is created: `limits_check` within that transaction, which must have locked
what keeps two payments of one customer apart (see there).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.db.models import Sum

from hoardrun.ledger.currencies import EXPONENTS
from hoardrun.ledger.money import amount_of, minor_of
from hoardrun.payments.choices import Kind
from hoardrun.payments.conditions import MOVED_NOTHING
from hoardrun.payments.fees import Fee, fee_of
from hoardrun.payments.limits import Limit, exceeded
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.tariffs.errors import LimitExceeded
from hoardrun.payments.tariffs.selectors import bands_list, day_begins, limits_list, today
from hoardrun.payments.tiers.selectors import tier_of


def charges_of(
    *, provider: str, kind: str, currency: str, amount: Decimal, on: date | None = None
) -> Fee | None:
    """Return what a provider charges for an amount, today unless told otherwise; None: unknown."""
    day = on or today()
    return fee_of(
        bands_list(provider, kind, currency, day),
        provider=provider,
        kind=kind,
        currency=currency,
        amount=amount,
        on=day,
        decimals=EXPONENTS[currency],
    )


def cost_of(provider: str, currency: str, payments: Iterable[tuple[str, int, int]]) -> int:
    """Sum payments with what their provider charges for each, in minor units.

    `payments` are kinds and amounts, each with how many there are.
    """
    day, decimals, total = today(), EXPONENTS[currency], 0
    bands = {kind: bands_list(provider, kind, currency, day) for kind in Kind}
    for kind, minor, count in payments:
        amount = amount_of(minor, currency)
        fee = fee_of(
            bands[Kind(kind)],
            provider=provider,
            kind=kind,
            currency=currency,
            amount=amount,
            on=day,
            decimals=decimals,
        )
        total += count * minor_of(amount + (fee.amount if fee else 0), currency)
    return total


def customer_fee(*, provider: str, kind: str, currency: str, amount: Decimal) -> Decimal:
    """Return what the customer pays beside an amount; nothing for what we give back."""
    if kind == Kind.REFUND:
        return Decimal(0)
    fee = charges_of(provider=provider, kind=kind, currency=currency, amount=amount)
    return fee.amount if fee is not None and fee.payer == "customer" else Decimal(0)


def limits_check(*, user_id: int, provider: str, kind: str, currency: str, amount: Decimal) -> None:
    """Refuse an amount that a limit of today does not allow a customer. Raises LimitExceeded.

    What we give back has no limits: it is the customer's.
    With a limit for the day, the customer's row is locked until the transaction ends: two payments
    at once, from two accounts, would else not see each other.
    """
    day = today()
    limits = limits_list(provider, kind, currency, day) if kind != Kind.REFUND else []
    if not limits:
        return
    tier = tier_of(user_id) if any(limit.tier for limit in limits) else ""
    spent = _spent(user_id, provider, kind, currency, day) if _has_day(limits) else Decimal(0)
    found = exceeded(
        limits,
        provider=provider,
        kind=kind,
        currency=currency,
        tier=tier,
        amount=amount,
        spent=spent,
        on=day,
    )
    if found is not None:
        raise LimitExceeded(found, currency)


def _has_day(limits: Iterable[Limit]) -> bool:
    return any(limit.per_day is not None for limit in limits)


def _spent(user_id: int, provider: str, kind: str, currency: str, day: date) -> Decimal:
    users = get_user_model()._default_manager
    users.select_for_update(no_key=True).filter(pk=user_id).first()
    today_ones = ProviderPayment.objects.filter(
        user_id=user_id,
        provider=provider,
        kind=kind,
        currency=currency,
        created_at__gte=day_begins(day),
    ).exclude(MOVED_NOTHING)
    return amount_of(today_ones.aggregate(total=Sum("minor"))["total"] or 0, currency)
