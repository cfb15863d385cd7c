"""Payments that wait for staff, and what their providers have sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hoardrun.ledger.models import Account
from hoardrun.payments.models import ProviderPayment
from tests.hoardrun.payments.carrying import PHONE, ask, called, taken, tell
from tests.hoardrun.payments.support import paid

NAME = "Jane Auma"
BODY = (
    b'{"financialTransactionId": "1432942836", "amount": 4500.00, "currency": "UGX", "payer": '
    b'{"partyIdType": "MSISDN", "partyId": "256771234567"}, "payerMessage": "Jane Auma"}'
)
SECRETS = (PHONE[1:], NAME)


def held(account: Account, kind: str = "collect", amount: str = "4500") -> ProviderPayment:
    """Have a payment of 5,000 that the provider tells another amount of, in a callback too."""
    row = taken(ask(account, kind))
    told = paid(amount=Decimal(amount), raw=BODY, provider_txn_id=f"R-{row.pk.hex}")
    tell(row, told)
    called(row, BODY)
    assert row.state == "held"
    return row


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())
