"""M-Pesa: its requests as they go out, its answers and callbacks as they come, each code."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hoardrun.payments.cleaning import Refused
from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.providers.daraja.accounts import DarajaAccounts
from hoardrun.payments.providers.daraja.protocol import Daraja
from hoardrun.payments.providers.daraja.requests import Keys
from hoardrun.payments.providers.daraja.results import CODES
from hoardrun.payments.providers.interface import Verdict
from hoardrun.payments.states import State
from tests.hoardrun.payments import support
from tests.hoardrun.payments.providers.support import ID, NOW, incoming, order, reply

DARAJA = Daraja()
KEYS = Keys(
    consumer_key="key",
    consumer_secret="secret",
    shortcode="174379",
    passkey="passkey",
    initiator="clerk",
    security_credential="c2VhbGVk",
)
CHECKOUT = "ws_CO_10122023133400273768130105"
PUSHED: dict[str, Any] = {
    "currency": "KES",
    "country": "KE",
    "msisdn": "0712345678",
    "amount": Decimal(10),
    "reference": "INV-2026/0001",
    "text": "Rent & water for March",
    "provider_request_id": CHECKOUT,
}
PAID = (
    b'{"Body":{"stkCallback":{"MerchantRequestID":"96657-188398728-1","CheckoutRequestID":'
    b'"ws_CO_10122023133400273768130105","ResultCode":0,"ResultDesc":"The service request is '
    b'processed successfully.","CallbackMetadata":{"Item":[{"Name":"Amount","Value":1.00},{"Name":'
    b'"MpesaReceiptNumber","Value":"RLA0R69NXM"},{"Name":"Balance"},{"Name":"TransactionDate",'
    b'"Value":20231210133416},{"Name":"PhoneNumber","Value":254768130105}]}}}}'
)
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


def pushed(**changes: Any):
    return order(**(PUSHED | changes))


def called(body: object, purpose: Any = "payment"):
    return DARAJA.read_callback(incoming(body, purpose=purpose), Verdict.UNPROVEN)


def stk(code: object, **rest: Any) -> bytes:
    callback = {"CheckoutRequestID": CHECKOUT, "ResultCode": code, "ResultDesc": "…"} | rest
    return json.dumps({"Body": {"stkCallback": callback}}).encode()


def answered(code: object, status: int = 200, **rest: Any):
    body = {"ResponseCode": "0", "CheckoutRequestID": CHECKOUT, "ResultCode": code} | rest
    return DARAJA.read_look(pushed(), reply(status, body))


def result(code: object, items: object = None, **rest: Any) -> dict[str, Any]:
    body = {
        "ResultType": 0,
        "ResultCode": code,
        "ResultDesc": "…",
        "OriginatorConversationID": ID,
        "ConversationID": "AG_20191219_00005797af5d7d75f652",
        "TransactionID": "NLJ41HAY6Q",
    }
    if items is not None:
        body["ResultParameters"] = {"ResultParameter": items}
    return {"Result": body | rest}


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


RESULTS = [
    ("1", "not_paid", "funds", True),
    ("1032", "not_paid", "cancelled", True),
    ("1037", "not_paid", "expired", True),
    ("1019", "not_paid", "expired", True),
    ("2001", "not_paid", "pin", True),
    ("2028", "not_paid", "limit", True),
    ("2029", "not_paid", "config", True),
    ("1001", "unknown", "busy", False),
    ("1025", "unknown", "not_prompted", False),
    ("9999", "unknown", "not_prompted", False),
    ("17", "waiting", "", False),
    ("26", "waiting", "", False),
    ("4999", "waiting", "", False),
    ("SFC_IC0003", "unknown", "unknown_code", False),
]


@pytest.mark.parametrize(("code", "claim", "reason", "retry_safe"), RESULTS)
def test_each_result_of_a_query_as_text_or_number(code, claim, reason, retry_safe):
    for written in {code, int(code) if code.isdigit() else code}:
        found = answered(written)
        assert (found.claim, found.reason, found.retry_safe) == (claim, reason, retry_safe)
        assert (found.raw_code, found.source) == (code, Source.QUERY)


def test_the_results_are_all_there_are():
    assert {row[0] for row in RESULTS} - {"SFC_IC0003"} | {"0"} == set(CODES["result"])


@pytest.mark.parametrize("code", ["1037", "1019"])
def test_only_our_own_question_makes_an_expiry_safe_to_try_again(code):
    assert called(stk(int(code))).retry_safe is False
    assert called(stk(1032)).retry_safe is True


@pytest.mark.parametrize("code", [False, "00", " 0", 0.0, "0.0", None, [], "success"])
def test_success_is_an_exact_0(code):
    assert answered(code).claim is Claim.UNKNOWN
    assert called(stk(code)).claim is Claim.UNKNOWN


@pytest.mark.parametrize("code", [0, "0"])
def test_a_query_has_no_receipt_and_counts_all_the_same(code):
    found = answered(code)
    assert (found.claim, found.amount, found.provider_txn_id) == (Claim.PAID, None, "")


@pytest.mark.field(number=3)
def test_a_prompt_that_stands_is_told_as_an_error():
    error = {"requestId": "1", "errorCode": "500.001.1001", "errorMessage": "…"}
    looks = [
        DARAJA.read_look(pushed(), reply(500, error)),
        answered("4999"),
        DARAJA.read_look(pushed(), reply(500, error)),
        answered("0"),
    ]
    assert [each.claim for each in looks] == ["waiting", "waiting", "waiting", "paid"]
    end, made = support.in_turn(support.payment(provider_request_id=CHECKOUT), *looks)
    assert end.state is State.SUCCEEDED
    assert [effect for each in made for effect in each.effects] == ["complete"]


def test_the_callback_of_a_push_is_read_by_the_names_of_its_items():
    found = called(PAID)
    assert (found.claim, found.source) == (Claim.PAID, Source.CALLBACK)
    assert (found.amount, str(found.amount)) == (Decimal(1), "1.00")
    assert (found.provider_txn_id, found.provider_request_id) == ("RLA0R69NXM", CHECKOUT)
    assert found.payer == "+254768130105"
    assert found.at is not None
    assert found.at.astimezone(UTC) == datetime(2023, 12, 10, 10, 34, 16, tzinfo=UTC)


def test_the_callback_of_a_failure_has_no_items():
    found = called(stk(1032))
    assert (found.claim, found.reason, found.amount) == (Claim.NOT_PAID, "cancelled", None)


@pytest.mark.field(number=1)
def test_a_code_that_is_a_text_is_unknown_and_keeps_its_receipt():
    items = [{"Name": "MpesaReceiptNumber", "Value": "RLA0R69NXM"}]
    found = called(stk("SFC_IC0003", CallbackMetadata={"Item": items}))
    assert (found.claim, found.raw_code) == (Claim.UNKNOWN, "SFC_IC0003")
    assert found.provider_txn_id == "RLA0R69NXM"


def test_a_contradiction_is_no_success():
    assert (called(stk(0)).claim, called(stk(0)).reason) == (Claim.UNKNOWN, "no_receipt")
    items = {"Item": [{"Name": "MpesaReceiptNumber", "Value": "RLA0R69NXM"}]}
    for code in (1, 1032, 4999):
        found = called(stk(code, CallbackMetadata=items))
        assert (found.claim, found.reason) == (Claim.UNKNOWN, "ambiguous")


@pytest.mark.parametrize(("code", "reason"), [(1, "funds"), (2001, "config")])
def test_what_fails_going_out_is_our_own_affair(code, reason):
    found = called(result(code))
    assert (found.claim, found.reason, found.alarm) == (Claim.NOT_PAID, reason, True)


def test_the_result_of_a_payout_is_read():
    items = [
        {"Key": "TransactionAmount", "Value": 10},
        {"Key": "TransactionReceipt", "Value": "NLJ41HAY6Q"},
        {"Key": "ReceiverPartyPublicName", "Value": "254712345678 - Jane Doe"},
        {"Key": "TransactionCompletedDateTime", "Value": "19.12.2019 11:45:50"},
    ]
    reference = {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": "https://…"}}
    found = called(result(0, items, ReferenceData=reference))
    assert (found.claim, found.amount) == (Claim.PAID, Decimal(10))
    assert (found.provider_txn_id, found.reference) == ("NLJ41HAY6Q", ID)
    assert found.at is not None
    assert found.at.astimezone(UTC) == datetime(2019, 12, 19, 8, 45, 50, tzinfo=UTC)


def test_one_item_may_come_without_its_list():
    found = called(result("0", {"Key": "TransactionReceipt", "Value": "NLJ41HAY6Q"}))
    assert (found.claim, found.provider_txn_id) == (Claim.PAID, "NLJ41HAY6Q")


def test_the_id_of_a_failure_is_no_receipt():
    assert called(result(1, TransactionID="NLJ0000000")).provider_txn_id == ""
    assert called(result(0, TransactionID="NLJ0000000")).claim is Claim.UNKNOWN


def test_a_sandbox_answers_a_reversal_with_21():
    assert called(result("21")).claim is Claim.UNKNOWN


def test_a_time_out_says_nothing():
    found = called(result(0), purpose="timeout")
    assert (found.claim, found.reason) == (Claim.UNKNOWN, "timeout")


@pytest.mark.parametrize(
    ("word", "claim"),
    [
        ("Completed", Claim.PAID),
        ("Pending", Claim.WAITING),
        ("Authorized", Claim.WAITING),
        ("Initiated", Claim.WAITING),
        ("Failed", Claim.NOT_PAID),
        ("Declined", Claim.NOT_PAID),
        ("Cancelled", Claim.NOT_PAID),
        ("Expired", Claim.NOT_PAID),
        ("Reversed", Claim.REVERSED),
        ("Odd", Claim.UNKNOWN),
    ],
)
def test_the_answer_to_a_question_counts_as_one(word, claim):
    items = [
        {"Key": "TransactionStatus", "Value": word},
        {"Key": "ReceiptNo", "Value": "NLJ41HAY6Q"},
        {"Key": "Amount", "Value": 10},
    ]
    found = called(result(0, items, OriginatorConversationID="its own"), purpose="question")
    assert (found.source, found.claim, found.reference) == (Source.QUERY, claim, "")
    # Its code is that of the question: one that failed has found nothing.
    assert called(result(1, items), purpose="question").claim is Claim.UNKNOWN


def test_the_answer_to_asking_a_question_is_no_news():
    body = {"ConversationID": "AG_1", "ResponseCode": "0"}
    found = DARAJA.read_look(pushed(kind="payout"), reply(200, body))
    assert (found.claim, found.reason, found.source) == (Claim.UNKNOWN, "no_answer", Source.QUERY)


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


def test_all_callbacks_are_answered_alike():
    found = DARAJA.answer(incoming(PAID))
    assert (found.status, found.body) == (200, b'{"ResultCode":0,"ResultDesc":"Accepted"}')
    assert json.loads(DarajaAccounts().refuse("account").body)["ResultCode"] == "C2B00012"
    assert DARAJA.verify(incoming(PAID), KEYS, NOW) is Verdict.UNPROVEN


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
