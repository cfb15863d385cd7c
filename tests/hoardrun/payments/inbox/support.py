"""Callbacks as providers send them."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from hoardrun.payments import callback_urls
from hoardrun.payments.calling import claims
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.providers.interface import Purpose
from tests.hoardrun.payments.calling.support import payment

BASE = "https://bank.example"


def sent(user: User, name: str = "mtn", kind: str = "collect", **more: Any) -> ProviderPayment:
    """Create a payment whose request is on its way."""
    row = payment(user, name, kind, **more)
    claims.claim(name, 10)
    return ProviderPayment.objects.get(pk=row.pk)


def path_of(row: ProviderPayment, purpose: Purpose = "payment") -> str:
    token = callback_urls.token_of(row.pk)
    return callback_urls.url(row.provider, purpose, token).removeprefix(BASE)


def call(path: str, body: object, *, method: str = "post", **headers: str) -> Any:
    """Call as a provider does."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    send = getattr(Client(), method)
    return send(path, raw, content_type="application/json", headers=headers)


def of_mtn(row: ProviderPayment, status: str = "SUCCESSFUL", **more: Any) -> dict[str, Any]:
    """Return what MTN calls with."""
    return {
        "financialTransactionId": "77",
        "externalId": str(row.pk),
        "amount": "5000",
        "currency": "UGX",
        "payer": {"partyIdType": "MSISDN", "partyId": row.msisdn.removeprefix("+")},
        "status": status,
        **more,
    }


def of_account(
    account: str, amount: str = "5000.00", receipt: str = "RKTQDM7W6S"
) -> dict[str, str]:
    """Return what Daraja tells of a payment to an account."""
    return {
        "TransactionType": "Pay Bill",
        "TransID": receipt,
        "TransTime": "20260101120000",
        "TransAmount": amount,
        "BusinessShortCode": "600638",
        "BillRefNumber": account,
        "MSISDN": "f" * 64,
    }
