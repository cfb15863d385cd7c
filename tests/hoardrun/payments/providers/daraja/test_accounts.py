"""M-Pesa: payments that customers make to our account unasked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hoardrun.payments.evidence import Claim
from hoardrun.payments.providers.daraja.accounts import DarajaAccounts
from tests.hoardrun.payments.providers.daraja.support import KEYS, called

ACCOUNT = {
    "TransactionType": "Pay Bill",
    "TransID": "RKTQDM7W6S",
    "TransTime": "20260101120000",
    "TransAmount": "10.00",
    "BusinessShortCode": "600638",
    "BillRefNumber": " INV1",
    "InvoiceNumber": "",
    "OrgAccountBalance": "",
    "ThirdPartyTransID": "",
    "MSISDN": "254712345678",
    "FirstName": "",
}


def test_urls_of_accounts_are_registered():
    request = DarajaAccounts().register(
        KEYS, "t0ken", told_at="https://a", asked_at="https://b", without_us=True
    )
    assert request.path == "/mpesa/c2b/v2/registerurl"
    assert json.loads(request.body) == {
        "ShortCode": 174379,
        "ResponseType": "Completed",
        "ConfirmationURL": "https://a",
        "ValidationURL": "https://b",
    }


def test_a_payment_to_an_account_is_told_unasked():
    found = called(ACCOUNT, purpose="account")
    assert (found.claim, found.amount, found.currency) == (Claim.PAID, Decimal("10.00"), "KES")
    assert (found.account, found.receiver) == ("INV1", "600638")
    assert (found.provider_txn_id, found.payer) == ("RKTQDM7W6S", "+254712345678")
    assert found.at is not None
    assert found.at.astimezone(UTC) == datetime(2026, 1, 1, 9, tzinfo=UTC)


@pytest.mark.field(number=8)
@pytest.mark.parametrize("phone", ["a" * 64, "2547*****678", "5" * 64, 12, None])
def test_a_phone_may_be_a_hash_and_names_may_be_missing(phone):
    body = {key: value for key, value in ACCOUNT.items() if key != "FirstName"}
    found = called(body | {"MSISDN": phone}, purpose="account")
    assert (found.claim, found.account, found.payer) == (Claim.PAID, "INV1", "")


def test_a_payment_to_an_account_needs_amount_and_receipt():
    for key in ("TransID", "TransAmount"):
        assert called(ACCOUNT | {key: ""}, purpose="account").claim is Claim.UNKNOWN
