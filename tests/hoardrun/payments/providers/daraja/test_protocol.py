"""M-Pesa: its requests as they go out, and what may be asked for at all."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from hoardrun.payments.cleaning import Refused
from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.providers.daraja.requests import Keys
from hoardrun.payments.states import State
from tests.hoardrun.payments import support
from tests.hoardrun.payments.providers.daraja.support import (
    CHECKOUT,
    DARAJA,
    KEYS,
    called,
    pushed,
    result,
)
from tests.hoardrun.payments.providers.support import ID, reply


def test_a_token_is_asked_for():
    request = DARAJA.token(KEYS, "collect")
    assert request is not None
    assert request.path == "/oauth/v1/generate?grant_type=client_credentials"
    assert (request.method, request.headers["Authorization"]) == ("GET", "Basic a2V5OnNlY3JldA==")


def test_a_push_is_signed_with_the_time_of_nairobi():
    request = DARAJA.begin(DARAJA.clean(pushed()), KEYS, "t0ken")
    assert (request.method, request.path) == ("POST", "/mpesa/stkpush/v1/processrequest")
    assert request.headers["Authorization"] == "Bearer t0ken"
    assert json.loads(request.body) == {
        "BusinessShortCode": 174379,
        "Password": "MTc0Mzc5cGFzc2tleTIwMjYwMzAyMTIwMDAw",  # 174379passkey20260302120000
        "Timestamp": "20260302120000",
        "TransactionType": "CustomerPayBillOnline",
        "Amount": 10,
        "PartyA": 254712345678,
        "PartyB": 174379,
        "PhoneNumber": 254712345678,
        "CallBackURL": "https://pay.example.org/in/6f1a/secret",
        "AccountReference": "INV-2026 000",
        "TransactionDesc": "Rent water fo",
    }


def test_a_till_sells_goods():
    keys = Keys(consumer_key="", consumer_secret="", shortcode="174379", passkey="", till="5123456")
    body = json.loads(DARAJA.begin(DARAJA.clean(pushed()), keys, "").body)
    assert (body["TransactionType"], body["PartyB"]) == ("CustomerBuyGoodsOnline", 5123456)


def test_a_push_is_asked_about_by_its_checkout():
    request = DARAJA.look(pushed(), KEYS, "t0ken")
    assert request is not None
    assert request.path == "/mpesa/stkpushquery/v1/query"
    assert json.loads(request.body) == {
        "BusinessShortCode": 174379,
        "Password": "MTc0Mzc5cGFzc2tleTIwMjYwMzAyMTIwMDAw",
        "Timestamp": "20260302120000",
        "CheckoutRequestID": CHECKOUT,
    }


def test_a_push_whose_answer_was_lost_cannot_be_asked_about():
    assert DARAJA.look(pushed(provider_request_id=""), KEYS, "t0ken") is None


def test_a_payout_carries_our_id():
    asked = pushed(kind="payout", timeout_url="https://pay.example.org/late", note="")
    request = DARAJA.begin(DARAJA.clean(asked), KEYS, "t0ken")
    assert request.path == "/mpesa/b2c/v3/paymentrequest"
    assert json.loads(request.body) == {
        "OriginatorConversationID": ID,
        "InitiatorName": "clerk",
        "SecurityCredential": "c2VhbGVk",
        "CommandID": "BusinessPayment",
        "Amount": 10,
        "PartyA": 174379,
        "PartyB": 254712345678,
        "Remarks": "Rent water for March",
        "QueueTimeOutURL": "https://pay.example.org/late",
        "ResultURL": "https://pay.example.org/in/6f1a/secret",
        "Occasion": "Payment",
    }


def test_a_reversal_names_the_receipt_in_their_spelling():
    request = DARAJA.begin(DARAJA.clean(pushed(kind="refund", refunds="RLA0R69NXM")), KEYS, "t")
    body = json.loads(request.body)
    assert request.path == "/mpesa/reversal/v1/request"
    assert (body["TransactionID"], body["RecieverIdentifierType"]) == ("RLA0R69NXM", "11")
    assert (body["CommandID"], body["ReceiverParty"]) == ("TransactionReversal", 174379)


def test_a_payout_is_asked_about_at_a_url_of_that_question():
    asked = pushed(kind="payout", question_url="https://pay.example.org/q/1")
    request = DARAJA.look(asked, KEYS, "t0ken")
    assert request is not None
    body = json.loads(request.body)
    assert request.path == "/mpesa/transactionstatus/v1/query"
    assert (body["CommandID"], body["OriginatorConversationID"]) == ("TransactionStatusQuery", ID)
    assert body["ResultURL"] == "https://pay.example.org/q/1"


ORIGINATOR = "7619-37765134-1"  # of a reversal, which has no id of ours


def test_a_reversal_is_asked_about_by_the_id_that_daraja_gave_it():
    ack = {
        "OriginatorConversationID": ORIGINATOR,
        "ConversationID": "AG_20191219_00006c6fddb15123addf",
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    }
    begun = DARAJA.read_begun(pushed(kind="refund"), reply(200, ack))
    assert (begun.claim, begun.provider_request_id) == (Claim.ACCEPTED, ORIGINATOR)
    assert begun.reference == ""
    asked = pushed(kind="refund", provider_request_id=ORIGINATOR)
    request = DARAJA.look(asked, KEYS, "t0ken")
    assert request is not None
    body = json.loads(request.body)
    assert (request.path, body["OriginatorConversationID"]) == (
        "/mpesa/transactionstatus/v1/query",
        ORIGINATOR,
    )
    # Without it there is nothing that Daraja would find.
    assert DARAJA.look(pushed(kind="refund", provider_request_id=""), KEYS, "t0ken") is None


@pytest.mark.parametrize("request_id", ["", ORIGINATOR])  # its result may come before its answer
def test_the_result_of_a_reversal_is_of_the_payment_that_asked_for_it(request_id):
    items = [
        {"Key": "Amount", "Value": 5000},
        {"Key": "TransCompletedTime", "Value": 20191219114550},
        {"Key": "OriginalTransactionID", "Value": "NLJ11AAAAA"},
    ]
    found = called(result(0, items, OriginatorConversationID=ORIGINATOR))
    assert (found.claim, found.reference) == (Claim.PAID, "")
    assert (found.provider_request_id, found.provider_txn_id) == (ORIGINATOR, "NLJ41HAY6Q")
    waiting = support.payment(
        State.SUBMITTED, currency="KES", receiver="", provider_request_id=request_id
    )
    after, [decision] = support.in_turn(waiting, found)
    assert (after.state, decision.hint) == (State.CONFIRMING, found)


@pytest.mark.field(number=2)
def test_a_response_code_of_0_is_an_acceptance():
    body = {
        "MerchantRequestID": "29115-34620561-1",
        "CheckoutRequestID": CHECKOUT,
        "ResponseCode": "0",
        "ResponseDescription": "Success. Request accepted for processing",
        "CustomerMessage": "…",
    }
    found = DARAJA.read_begun(pushed(), reply(200, body))
    assert (found.source, found.claim) == (Source.ACK, Claim.ACCEPTED)
    assert (found.provider_request_id, found.provider_txn_id) == (CHECKOUT, "")


@pytest.mark.parametrize(
    ("status", "code", "claim", "reason", "retry_safe"),
    [
        (400, "400.002.02", "not_paid", "request", True),
        (404, "404.001.03", "not_paid", "config", True),
        (404, "404.001.04", "not_paid", "request", True),
        (401, "401.002.01", "not_paid", "config", True),
        (400, "", "not_paid", "request", True),
        (500, "500.001.1001", "unknown", "busy", False),
        (500, "500.002.1001", "unknown", "busy", False),
        (500, "500.003.02", "unknown", "busy", False),
        (403, "", "not_paid", "config", True),
        (503, "", "unknown", "timeout", False),
        (500, "0", "unknown", "unknown_code", False),
    ],
)
def test_each_refusal_of_a_request(status, code, claim, reason, retry_safe):
    body = {"requestId": "1", "errorCode": code, "errorMessage": "…"}
    found = DARAJA.read_begun(pushed(), reply(status, body))
    assert (found.claim, found.reason, found.retry_safe) == (claim, reason, retry_safe)


@pytest.mark.field(number=13)
def test_cents_are_refused_before_the_push():
    with pytest.raises(Refused, match="KES has no decimals here") as error:
        DARAJA.clean(pushed(amount=Decimal("10.50")))
    assert error.value.field == "amount"


@pytest.mark.field(number=13)
@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("254110345678", "+254110345678"),
        ("0110345678", "+254110345678"),
        ("+254112345678", "+254112345678"),
        ("0712345678", "+254712345678"),
    ],
)
def test_newer_numbers_are_as_good_as_older_ones(written, number):
    assert DARAJA.clean(pushed(msisdn=written)).msisdn == number


@pytest.mark.parametrize("phone", ["0202345678", "+256771234567", "07123456789"])
def test_a_number_without_a_wallet_is_refused(phone):
    with pytest.raises(Refused):
        DARAJA.clean(pushed(msisdn=phone))
