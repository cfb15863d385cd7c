"""MTN MoMo: its requests as they go out, and each row of its tables."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from hoardrun.payments.cleaning import Refused
from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.judge import judge
from hoardrun.payments.providers.interface import Verdict
from hoardrun.payments.providers.mtn.protocol import CODES, Keys, Mtn
from hoardrun.payments.states import State
from tests.hoardrun.payments import support
from tests.hoardrun.payments.providers.support import ID, NOW, incoming, order, reply

MTN = Mtn()
KEYS = Keys(user="5f3a", key="c0ffee", subscription_key="5ub5", environment="mtnuganda")
DONE = {
    "financialTransactionId": "1432942836",
    "externalId": ID,
    "amount": "5000",
    "currency": "UGX",
    "payer": {"partyIdType": "MSISDN", "partyId": "256771234567"},
    "payerMessage": "Taxi",
    "payeeNote": "Rank 42",
    "status": "SUCCESSFUL",
}


def looked(body: object, status: int = 200):
    return MTN.read_look(order(), reply(status, body))


def called(body: object):
    return MTN.read_callback(incoming(body), Verdict.UNPROVEN)


def test_a_token_is_asked_for_by_product():
    request = MTN.token(KEYS, "collect")
    assert request is not None
    assert (request.method, request.path, request.body) == ("POST", "/collection/token/", b"")
    assert request.headers == {
        "Authorization": "Basic NWYzYTpjMGZmZWU=",
        "Ocp-Apim-Subscription-Key": "5ub5",
        "X-Target-Environment": "mtnuganda",
        "User-Agent": "hoardrun-payments",
    }
    other = MTN.token(KEYS, "refund")
    assert other is not None
    assert other.path == "/disbursement/token/"


def test_a_collection_is_asked_for():
    clean = MTN.clean(order(text="Taxi", note="Rank 42", amount=Decimal("5000.00")))
    request = MTN.begin(clean, KEYS, "t0ken")
    assert (request.method, request.path) == ("POST", "/collection/v1_0/requesttopay")
    assert request.headers == {
        "Authorization": "Bearer t0ken",
        "Content-Type": "application/json",
        "Ocp-Apim-Subscription-Key": "5ub5",
        "User-Agent": "hoardrun-payments",
        "X-Callback-Url": "https://pay.example.org/in/6f1a/secret",
        "X-Reference-Id": ID,
        "X-Target-Environment": "mtnuganda",
    }
    assert json.loads(request.body) == {
        "amount": "5000",
        "currency": "UGX",
        "externalId": ID,
        "payer": {"partyIdType": "MSISDN", "partyId": "256771234567"},
        "payerMessage": "Taxi",
        "payeeNote": "Rank 42",
    }


def test_a_payout_names_the_payee_and_a_refund_the_payment():
    payout = MTN.begin(MTN.clean(order(kind="payout")), KEYS, "t0ken")
    assert payout.path == "/disbursement/v1_0/transfer"
    assert json.loads(payout.body)["payee"]["partyId"] == "256771234567"
    refund = MTN.begin(MTN.clean(order(kind="refund", refunds="9b1e")), KEYS, "t0ken")
    assert refund.path == "/disbursement/v1_0/refund"
    assert json.loads(refund.body)["referenceIdToRefund"] == "9b1e"
    assert "payee" not in json.loads(refund.body)


def test_without_a_callback_url_none_is_sent():
    request = MTN.begin(MTN.clean(order(callback_url="")), KEYS, "t0ken")
    assert "X-Callback-Url" not in request.headers


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("collect", f"/collection/v1_0/requesttopay/{ID}"),
        ("payout", f"/disbursement/v1_0/transfer/{ID}"),
        ("refund", f"/disbursement/v1_0/refund/{ID}"),
    ],
)
def test_it_is_asked_about_by_our_id(kind, path):
    request = MTN.look(order(kind=kind), KEYS, "t0ken")
    assert request is not None
    assert (request.method, request.path, request.body) == ("GET", path, b"")


@pytest.mark.parametrize(
    ("status", "code", "claim", "reason", "retry_safe", "alarm"),
    [
        (202, "", "accepted", "", False, False),
        (400, "", "not_paid", "request", True, False),
        (400, "INVALID_CALLBACK_URL_HOST", "not_paid", "request", True, False),
        (401, "", "not_paid", "config", True, True),
        (403, "FORBIDDEN_IP", "not_paid", "config", True, True),
        (409, "RESOURCE_ALREADY_EXIST", "accepted", "", False, False),
        (500, "NOT_ALLOWED", "not_paid", "config", True, True),
        (500, "NOT_ALLOWED_TARGET_ENVIRONMENT", "not_paid", "config", True, True),
        (500, "INVALID_CURRENCY", "not_paid", "config", True, True),
        (500, "", "unknown", "timeout", False, False),
        (502, "", "unknown", "timeout", False, False),
        (503, "SERVICE_UNAVAILABLE", "unknown", "timeout", False, False),
        (504, "", "unknown", "timeout", False, False),
    ],
)
def test_each_answer_to_a_request(status, code, claim, reason, retry_safe, alarm):
    body = {"code": code, "message": "…"} if code else b""
    found = MTN.read_begun(order(), reply(status, body))
    assert (found.source, found.claim, found.reason) == (Source.ACK, claim, reason)
    assert (found.retry_safe, found.alarm) == (retry_safe, alarm)


def test_a_page_of_html_says_that_the_gateway_refuses_us():
    found = MTN.read_begun(order(), reply(403, b"<html>Access denied</html>"))
    assert (found.claim, found.reason, found.alarm) == (Claim.NOT_PAID, "config", True)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("PAYER_NOT_FOUND", "no_wallet"),
        ("PAYEE_NOT_FOUND", "no_wallet"),
        ("NOT_ENOUGH_FUNDS", "funds"),
        ("INTERNAL_PROCESSING_ERROR", "funds"),
        ("APPROVAL_REJECTED", "cancelled"),
        ("TRANSACTION_CANCELED", "cancelled"),
        ("PAYMENT_NOT_APPROVED", "cancelled"),
        ("EXPIRED", "expired"),
        ("COULD_NOT_PERFORM_TRANSACTION", "expired"),
        ("PAYER_LIMIT_REACHED", "limit"),
        ("PAYEE_NOT_ALLOWED_TO_RECEIVE", "not_allowed"),
        ("NOT_ALLOWED", "not_allowed"),
        ("NOT_ALLOWED_TARGET_ENVIRONMENT", "not_allowed"),
        ("NOT_ALLOWED_AT_NIGHT", "not_allowed"),
        ("SERVICE_UNAVAILABLE", "provider"),
        ("A_NEW_ONE", "provider"),
    ],
)
def test_each_reason_of_a_failure_as_text_or_as_object(code, reason):
    for written in (code, {"code": code, "message": "…"}):
        found = looked({"status": "FAILED", "reason": written})
        assert (found.claim, found.reason, found.retry_safe) == (Claim.NOT_PAID, reason, True)
        assert found.raw_code == code


def test_the_reasons_are_all_there_are():
    assert len(CODES["reason"]) == 14


def test_a_failure_may_have_no_reason():
    found = looked({"status": "FAILED"})
    assert (found.claim, found.reason) == (Claim.NOT_PAID, "provider")


@pytest.mark.parametrize(
    ("word", "claim"),
    [
        ("PENDING", Claim.WAITING),
        ("CREATED", Claim.WAITING),
        ("SUCCESSFUL", Claim.PAID),
        ("successful", Claim.UNKNOWN),
        ("REVERSED?", Claim.UNKNOWN),
        (None, Claim.UNKNOWN),
        (True, Claim.UNKNOWN),
    ],
)
def test_each_status(word, claim):
    assert looked(DONE | {"status": word}).claim is claim


def test_callback_and_status_tell_the_same():
    for found in (looked(DONE), called(DONE)):
        assert (found.claim, found.provider_txn_id) == (Claim.PAID, "1432942836")
        assert (found.amount, found.currency) == (Decimal(5000), "UGX")
        assert (found.payer, found.reference) == ("+256771234567", ID)
    assert (looked(DONE).source, called(DONE).source) == (Source.QUERY, Source.CALLBACK)


def test_numbers_where_texts_were_are_read():
    found = called(
        b'{"amount":100,"currency":"UGX","externalId":947354,"status":"FAILED",'
        b'"payer":{"partyIdType":"MSISDN","partyId":4656473839},'
        b'"reason":{"code":"PAYER_NOT_FOUND","message":"Payee does not exist"}}'
    )
    assert (found.amount, found.reference, found.payer) == (Decimal(100), "947354", "+4656473839")
    assert found.reason == "no_wallet"


def test_one_that_is_under_way_has_no_receipt_yet():
    assert looked(DONE | {"status": "PENDING"}).provider_txn_id == ""


def test_a_callback_without_a_receipt_has_to_be_confirmed():
    body = {key: value for key, value in DONE.items() if key != "financialTransactionId"}
    assert (called(body).claim, called(body).reason) == (Claim.UNKNOWN, "no_receipt")
    assert looked(body).claim is Claim.PAID


def test_a_status_that_is_not_found_is_not_a_failure():
    found = looked({"code": "RESOURCE_NOT_FOUND"}, status=404)
    assert (found.claim, found.reason) == (Claim.UNKNOWN, "not_found")


def test_nothing_is_signed():
    assert MTN.verify(incoming(DONE), KEYS, NOW) is Verdict.UNPROVEN


def test_a_wallet_has_a_name():
    request = MTN.ask_name(MTN.clean(order(kind="payout")), KEYS, "t0ken")
    assert request is not None
    path = "/disbursement/v1_0/accountholder/msisdn/256771234567/basicuserinfo"
    assert (request.method, request.path) == ("GET", path)
    body = {"given_name": "Sarah", "family_name": "Nakato", "sub": "0"}
    assert MTN.read_name(reply(200, body)) == "Sarah Nakato"
    assert MTN.read_name(reply(404, body)) == MTN.read_name(reply(200, b"<html>")) == ""


def test_our_own_account_has_a_balance():
    request = MTN.ask_balance(KEYS, "t0ken", "payout")
    assert request is not None
    assert (request.method, request.path) == ("GET", "/disbursement/v1_0/account/balance")
    body = {"availableBalance": "15000", "currency": "UGX"}
    assert MTN.read_balance(reply(200, body), "UGX") == Decimal(15_000)
    assert MTN.read_balance(reply(200, body), "EUR") is None
    assert MTN.read_balance(reply(500, body), "UGX") is None


@pytest.mark.field(number=9)
def test_an_amount_that_differs_in_a_look_holds_the_payment():
    found = looked(DONE | {"amount": "1"})
    decision = judge(support.payment(State.SUBMITTED), found, NOW)
    assert (decision.path, decision.reason) == ((State.HELD,), "amount")


@pytest.mark.field(number=11)
def test_texts_with_ampersand_and_emoji_or_none_are_sent_clean():
    clean = MTN.clean(order(text='R&D "x" 🙂', note=""))
    body = json.loads(MTN.begin(clean, KEYS, "t0ken").body)
    assert (body["payerMessage"], body["payeeNote"]) == ("R D x", "Payment")


def test_shillings_have_no_cents_here():
    with pytest.raises(Refused, match="UGX has no decimals"):
        MTN.clean(order(amount=Decimal("10.50")))
