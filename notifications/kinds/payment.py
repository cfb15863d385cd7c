"""Payments that are due: by push at their time, by e-mail in the digest, by SMS if chosen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial

from msgspec import Struct

from notifications.kinds.kind import Kind, Rung
from notifications.kinds.values import General, Money, Name

LADDER = (
    Rung(channel="push"),
    Rung(channel="sms", chosen=False),
    Rung(channel="email", digest=True),
)

_payment = partial(Kind, type="payment", category="payment", ladder=LADDER, digestible=True)


class Due(Struct, frozen=True, kw_only=True):
    """A payment that is due: its amount, its payee and its last day."""

    amount: Money
    payee: Name
    due_on: date


class NotPaid(Struct, frozen=True, kw_only=True):
    """A standing payment that was not made, and the reason."""

    amount: Money
    payee: Name
    reason: str | None = None


_AMOUNT = Money(Decimal(120_000), "UGX")

KINDS = (
    _payment(
        name="payment.due",
        title="Payment due",
        variables=Due,
        samples=(Due(amount=_AMOUNT, payee="Umeme Limited", due_on=date(2026, 4, 5)),),
        privacy="amount",
    ),
    _payment(
        name="payment.not_made",
        title="Payment not made",
        variables=NotPaid,
        samples=(
            NotPaid(amount=_AMOUNT, payee="Umeme Limited", reason="Not enough money."),
            NotPaid(amount=_AMOUNT, payee="Umeme Limited"),
        ),
        priority="high",
        privacy="amount",
    ),
    _payment(
        name="payment.general",
        title="Other messages about payments",
        variables=General,
        samples=(General(title="Payment", message="Your bill has come."),),
        privacy="secret",
    ),
)
