"""M-Pesa: its results and callbacks as they come, each code."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.providers.daraja.accounts import DarajaAccounts
from hoardrun.payments.providers.daraja.results import CODES
from hoardrun.payments.providers.interface import Verdict
from hoardrun.payments.states import State
from tests.hoardrun.payments import support
from tests.hoardrun.payments.providers.daraja.support import (
    CHECKOUT,
    DARAJA,
    KEYS,
    answered,
    called,
    pushed,
    result,
    stk,
)
from tests.hoardrun.payments.providers.support import ID, NOW, incoming, reply

PAID = (
    b'{"Body":{"stkCallback":{"MerchantRequestID":"96657-188398728-1","CheckoutRequestID":'
    b'"ws_CO_10122023133400273768130105","ResultCode":0,"ResultDesc":"The service request is '
    b'processed successfully.","CallbackMetadata":{"Item":[{"Name":"Amount","Value":1.00},{"Name":'
    b'"MpesaReceiptNumber","Value":"RLA0R69NXM"},{"Name":"Balance"},{"Name":"TransactionDate",'
    b'"Value":20231210133416},{"Name":"PhoneNumber","Value":254768130105}]}}}}'
)


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


def test_all_callbacks_are_answered_alike():
    found = DARAJA.answer(incoming(PAID))
    assert (found.status, found.body) == (200, b'{"ResultCode":0,"ResultDesc":"Accepted"}')
    assert json.loads(DarajaAccounts().refuse("account").body)["ResultCode"] == "C2B00012"
    assert DARAJA.verify(incoming(PAID), KEYS, NOW) is Verdict.UNPROVEN
