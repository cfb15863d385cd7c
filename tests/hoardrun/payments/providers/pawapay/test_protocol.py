"""pawaPay: its requests as they go out, and each row of its tables."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from hoardrun.payments.cleaning import Refused
from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.providers.interface import Verdict
from hoardrun.payments.providers.pawapay.protocol import CODES, Keys, PawaPay
from tests.hoardrun.payments.providers.support import ID, NOW, incoming, order, reply

PAWAPAY = PawaPay()
KEYS = Keys(api_token="t0ken")
DONE = {
    "depositId": ID,
    "status": "COMPLETED",
    "amount": "5000",
    "currency": "UGX",
    "country": "UGA",
    "payer": {
        "type": "MMO",
        "accountDetails": {"phoneNumber": "256771234567", "provider": "MTN_MOMO_UGA"},
    },
    "providerTransactionId": "12356789",
}


def asked(**changes: Any):
    return order(wallet="MTN_MOMO_UGA", **changes)


def looked(body: object, status: int = 200):
    return PAWAPAY.read_look(asked(), reply(status, body))


def test_no_token_is_needed():
    assert PAWAPAY.token(KEYS, "collect") is None
    assert PAWAPAY.read_token(reply(200, {"access_token": "x", "expires_in": 1})) is None


def test_a_deposit_names_the_wallet():
    request = PAWAPAY.begin(PAWAPAY.clean(asked(text="Taxi, rank 42")), KEYS, "")
    assert (request.method, request.path) == ("POST", "/v2/deposits")
    assert request.headers["Authorization"] == "Bearer t0ken"
    assert json.loads(request.body) == {
        "depositId": ID,
        "amount": "5000",
        "currency": "UGX",
        "payer": DONE["payer"],
        "customerMessage": "Taxi  rank 42",
    }


def test_a_payout_has_a_recipient_and_a_refund_a_deposit():
    payout = PAWAPAY.begin(PAWAPAY.clean(asked(kind="payout")), KEYS, "")
    body = json.loads(payout.body)
    assert (payout.path, body["payoutId"], body["recipient"]) == ("/v2/payouts", ID, DONE["payer"])
    refund = PAWAPAY.begin(PAWAPAY.clean(order(kind="refund", refunds="9b1e")), KEYS, "")
    body = json.loads(refund.body)
    assert (refund.path, body["refundId"], body["depositId"]) == ("/v2/refunds", ID, "9b1e")


def test_the_wallet_must_be_said():
    with pytest.raises(Refused, match="whose wallet"):
        PAWAPAY.clean(order())


@pytest.mark.parametrize(("text", "sent"), [("ok", "Payment"), ("x" * 30, "x" * 22)])
def test_a_message_is_neither_short_nor_long(text, sent):
    assert PAWAPAY.clean(asked(text=text)).text == sent


def test_it_is_asked_about_by_our_id():
    request = PAWAPAY.look(asked(kind="payout"), KEYS, "")
    assert request is not None
    assert (request.method, request.path) == ("GET", f"/v2/payouts/{ID}")


@pytest.mark.parametrize(
    ("status", "body", "claim", "reason"),
    [
        (200, {"depositId": ID, "status": "ACCEPTED"}, "accepted", ""),
        (200, {"depositId": ID, "status": "DUPLICATE_IGNORED"}, "accepted", ""),
        (200, {"status": "REJECTED"}, "not_paid", "request"),
        (200, {"status": "ODD"}, "unknown", "unknown_code"),
        (500, {"status": "ACCEPTED"}, "unknown", "unknown_code"),
        (400, {"failureReason": {"failureCode": "INVALID_INPUT"}}, "not_paid", "request"),
        (401, b"", "not_paid", "config"),
        (403, b"", "not_paid", "config"),
        (500, b"", "unknown", "timeout"),
    ],
)
def test_each_answer_to_a_request(status, body, claim, reason):
    found = PAWAPAY.read_begun(asked(), reply(status, body))
    assert (found.source, found.claim, found.reason) == (Source.ACK, claim, reason)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AMOUNT_OUT_OF_BOUNDS", "limit"),
        ("INVALID_PHONE_NUMBER", "no_wallet"),
        ("PROVIDER_TEMPORARILY_UNAVAILABLE", "provider"),
        ("DEPOSITS_NOT_ALLOWED", "request"),
    ],
)
def test_a_rejection_may_say_why(code, reason):
    body = {"status": "REJECTED", "failureReason": {"failureCode": code}}
    found = PAWAPAY.read_begun(asked(), reply(200, body))
    assert (found.claim, found.reason, found.raw_code) == (Claim.NOT_PAID, reason, code)


@pytest.mark.parametrize(
    ("word", "claim"),
    [
        ("ACCEPTED", "waiting"),
        ("ENQUEUED", "waiting"),
        ("SUBMITTED", "waiting"),
        ("PROCESSING", "waiting"),
        ("IN_RECONCILIATION", "waiting"),
        ("COMPLETED", "paid"),
        ("FAILED", "not_paid"),
        ("completed", "unknown"),
    ],
)
def test_each_status(word, claim):
    assert looked({"status": "FOUND", "data": DONE | {"status": word}}).claim == claim


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("PAYER_NOT_FOUND", "no_wallet"),
        ("RECIPIENT_NOT_FOUND", "no_wallet"),
        ("INSUFFICIENT_BALANCE", "funds"),
        ("PAWAPAY_WALLET_OUT_OF_FUNDS", "funds"),
        ("PAYMENT_NOT_APPROVED", "cancelled"),
        ("MANUALLY_CANCELLED", "cancelled"),
        ("PAYER_LIMIT_REACHED", "limit"),
        ("WALLET_LIMIT_REACHED", "limit"),
        ("UNSPECIFIED_FAILURE", "provider"),
    ],
)
def test_each_reason_of_a_failure(code, reason):
    data = DONE | {"status": "FAILED", "failureReason": {"failureCode": code}}
    found = looked({"status": "FOUND", "data": data})
    assert (found.claim, found.reason, found.raw_code) == (Claim.NOT_PAID, reason, code)
    assert found.provider_txn_id == ""


def test_the_reasons_are_all_there_are():
    assert (len(CODES["reason"]), len(CODES["status"])) == (9, 6)


def test_what_is_not_found_is_not_a_failure():
    for found in (looked({"status": "NOT_FOUND"}), looked(b"", status=404)):
        assert (found.claim, found.reason) == (Claim.UNKNOWN, "not_found")


def test_callback_and_look_tell_the_same():
    callback = PAWAPAY.read_callback(incoming(DONE), Verdict.GENUINE)
    look = looked({"status": "FOUND", "data": DONE})
    for found in (callback, look):
        assert (found.claim, found.amount, found.currency) == (Claim.PAID, Decimal(5000), "UGX")
        assert (found.reference, found.payer) == (ID, "+256771234567")
        assert found.provider_txn_id == "12356789"
    assert (callback.source, look.source) == (Source.SIGNED_CALLBACK, Source.QUERY)


def test_a_refund_is_known_by_its_own_id():
    body = {"refundId": ID, "depositId": "9b1e", "status": "COMPLETED", "amount": "5000"}
    found = PAWAPAY.read_callback(incoming(body), Verdict.UNPROVEN)
    assert found.reference == ID


def test_our_own_account_has_a_balance_of_each_currency():
    request = PAWAPAY.ask_balance(KEYS, "", "payout")
    assert request is not None
    assert (request.method, request.path) == ("GET", "/v2/wallet-balances")
    balances = [
        {"country": "UGA", "balance": "15000", "currency": "UGX"},
        {"country": "CMR", "balance": "1", "currency": "XAF"},
        {"country": "GAB", "balance": "2", "currency": "XAF"},
    ]
    answer = reply(200, {"balances": balances})
    assert PAWAPAY.read_balance(answer, "UGX") == Decimal(15_000)
    # Two countries have the currency: nobody says which one is meant.
    assert PAWAPAY.read_balance(answer, "XAF") is None
    assert PAWAPAY.read_balance(reply(200, {"balances": 1}), "UGX") is None


def test_a_callback_without_a_signature_is_unproven():
    assert PAWAPAY.verify(incoming(DONE), KEYS, NOW) is Verdict.UNPROVEN
