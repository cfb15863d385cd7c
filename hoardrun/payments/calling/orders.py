"""A payment's row as the order that its provider is given."""

from __future__ import annotations

from datetime import datetime

from hoardrun.payments import callback_urls
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.providers.interface import Kind, Order
from hoardrun.payments.providers.registry import PROVIDERS


def order_of(row: ProviderPayment, at: datetime, *, question_token: str = "") -> Order:
    """Return the order of a payment; `at` is the time of this request."""
    name, token = row.provider, callback_urls.token_of(row.pk)
    kind: Kind = row.kind  # type: ignore[assignment]  # a check of the table's
    question_url = callback_urls.url(name, "question", question_token) if question_token else ""
    return Order(
        id=str(row.pk),
        kind=kind,
        amount=row.amount,
        currency=row.currency,
        country=row.country,
        msisdn=row.msisdn,
        at=at,
        reference=row.reference,
        text=row.text,
        note=row.text,
        callback_url=callback_urls.url(name, "payment", token),
        timeout_url=callback_urls.url(name, "timeout", token),
        question_url=question_url,
        provider_request_id=row.provider_request_id,
        refunds=_refunded(row),
        wallet=row.network,
    )


def _refunded(row: ProviderPayment) -> str:
    """Return how the provider knows what is given back: by its receipt, or by our id."""
    if row.refunds is None:
        return ""
    by_receipt = PROVIDERS[row.provider].capabilities.reversal
    return row.refunds.provider_txn_id if by_receipt else str(row.refunds.pk)
