"""M-Pesa: prompts, results, and payments to an account."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.hoardrun.demo.providers.money.support import Merchant, cases

BILL = {"number": "254712345678", "account": "INV-7", "amount": "100"}


def code_of(answer: tuple[int, Any]) -> tuple[int, str]:
    status, body = answer
    return status, body.get("errorCode") or body.get("ResultCode") or body["ResponseCode"]


def parameters(result: dict[str, Any]) -> dict[str, Any]:
    listed = result["ResultParameters"]["ResultParameter"]
    return {one["Key"]: one["Value"] for one in listed}


def test_a_prompt_that_stands_is_now_an_error_now_a_code(merchant: Merchant):
    checkout = merchant.push(254712345605)[1]["CheckoutRequestID"]
    found = [code_of(merchant.push_status(checkout)) for _ in range(2)]
    assert found == [(500, "500.001.1001"), (200, "4999")]
    merchant.money.advance(60)
    assert code_of(merchant.push_status(checkout)) == (200, "1037")
    [callback] = merchant.callbacks.bodies()
    assert callback["Body"]["stkCallback"]["ResultCode"] == 1037


def test_items_of_a_paid_prompt(merchant: Merchant):
    merchant.push(254712345600)
    merchant.money.advance(3)
    [callback] = merchant.callbacks.bodies()
    items = callback["Body"]["stkCallback"]["CallbackMetadata"]["Item"]
    names = ["Amount", "MpesaReceiptNumber", "Balance", "TransactionDate", "PhoneNumber"]
    assert [item["Name"] for item in items] == names
    assert "Value" not in items[2]
    assert (items[0]["Value"], items[4]["Value"]) == (10.0, 254712345600)


def test_the_same_push_twice_is_two_prompts(merchant: Merchant):
    checkouts = {merchant.push(254712345600)[1]["CheckoutRequestID"] for _ in range(2)}
    assert len(checkouts) == 2


def test_a_second_prompt_on_a_phone_is_busy(merchant: Merchant):
    merchant.push(254712345678)
    second = merchant.push(254712345678)[1]["CheckoutRequestID"]
    merchant.money.advance(0)
    assert code_of(merchant.push_status(second)) == (200, "1001")
    assert merchant.callbacks.bodies()[0]["Body"]["stkCallback"]["ResultCode"] == 1001


def test_a_long_text_cannot_be_shown(merchant: Merchant):
    merchant.push(254712345600, TransactionDesc="x" * 183)
    merchant.money.advance(0)
    assert merchant.callbacks.bodies()[0]["Body"]["stkCallback"]["ResultCode"] == 1025


def test_an_unknown_code_is_a_text(merchant: Merchant):
    merchant.push(254712345614)
    merchant.pay_out(254712345614)
    merchant.money.advance(3)
    push, result = sorted(merchant.callbacks.bodies(), key=list)
    assert push["Body"]["stkCallback"]["ResultCode"] == "SFC_IC0003"
    assert result["Result"]["ResultCode"] == "SFC_IC0003"


@pytest.mark.parametrize(
    ("changes", "code"),
    cases(
        ("half a shilling", {"Amount": 10.5}, "400.002.02"),
        ("too much", {"Amount": 250_001}, "400.002.02"),
        ("a long reference", {"AccountReference": "INVOICE-00007"}, "400.002.02"),
        ("an older prefix is as good", {"PartyA": 254110345600, "PhoneNumber": 254110345600}, "0"),
        ("another country", {"PartyA": 256771234500, "PhoneNumber": 256771234500}, "400.002.02"),
        ("two phones", {"PartyA": 254712345601}, "400.002.02"),
        ("their own name", {"CallBackURL": "https://pay.example.org/mpesa"}, "400.002.02"),
        ("in the clear", {"CallBackURL": "http://pay.example.org/in"}, "400.002.02"),
        ("another account", {"BusinessShortCode": 174379}, "400.002.02"),
        ("a password of another time", {"Timestamp": "20260302120001"}, "500.001.1001"),
    ),
)
def test_what_a_push_is_refused_for(merchant: Merchant, changes: dict[str, Any], code: str):
    assert code_of(merchant.push(254712345600, **changes))[1] == code


def test_a_payout_has_its_result(merchant: Merchant):
    begun = merchant.pay_out(254712345600)[1]
    merchant.money.advance(3)
    result = merchant.callbacks.bodies()[0]["Result"]
    assert result["ConversationID"] == begun["ConversationID"]
    assert result["OriginatorConversationID"] == begun["OriginatorConversationID"]
    assert parameters(result)["TransactionAmount"] == 10
    assert parameters(result)["TransactionReceipt"] == result["TransactionID"]


def test_a_failed_payout_has_no_receipt_and_no_parameters(merchant: Merchant):
    merchant.pay_out(254712345602)
    merchant.money.advance(3)
    result = merchant.callbacks.bodies()[0]["Result"]
    assert result["ResultCode"] == 1
    assert result["TransactionID"].endswith("0000000")
    assert "ResultParameters" not in result


def test_a_wrong_password_is_told_by_the_result(merchant: Merchant):
    assert code_of(merchant.pay_out(254712345600, SecurityCredential="c3R1Yg==")) == (200, "0")
    merchant.money.advance(0)
    assert merchant.callbacks.bodies()[0]["Result"]["ResultCode"] == 2001


def test_a_payout_is_made_once(merchant: Merchant):
    ours = {"OriginatorConversationID": str(uuid.uuid4())}
    assert code_of(merchant.pay_out(254712345600, **ours)) == (200, "0")
    assert code_of(merchant.pay_out(254712345600, **ours)) == (500, "500.002.1001")


def test_the_answer_to_a_question_comes_to_its_url(merchant: Merchant):
    ours = str(uuid.uuid4())
    merchant.pay_out(254712345619, OriginatorConversationID=ours)
    merchant.money.advance(3)
    words = []
    for wait, name in ((60, ours), (1, ours), (1, "unheard-of")):
        question = merchant.initiator() | {
            "Initiator": merchant.money.daraja.account.initiator,
            "OriginatorConversationID": name,
        }
        assert code_of(merchant.daraja("transactionstatus/v1/query", question)) == (200, "0")
        merchant.money.advance(wait)
        words.append(merchant.callbacks.bodies()[-1]["Result"])
    assert parameters(words[0])["TransactionStatus"] == "Completed"
    assert parameters(words[1])["TransactionStatus"] == "Reversed"
    assert words[2]["ResultCode"] == 2032


def test_a_reversal_is_told_by_its_result(merchant: Merchant):
    merchant.push(254712345600)
    merchant.money.advance(3)
    receipt = merchant.money.processor.store.payments[0].receipt
    for given in (receipt, "UNHEARDOF0"):
        body = merchant.initiator() | {
            "Initiator": merchant.money.daraja.account.initiator,
            "CommandID": "TransactionReversal", "TransactionID": given, "Amount": 10,
            "ReceiverParty": 600638, "RecieverIdentifierType": "11",
        }  # fmt: skip
        assert code_of(merchant.daraja("reversal/v1/request", body)) == (200, "0")
    merchant.money.advance(3)
    codes = [one["Result"]["ResultCode"] for one in merchant.callbacks.bodies()[1:]]
    assert sorted(codes) == [0, 1032]


def register(merchant: Merchant, response: str = "Cancelled") -> None:
    body = {
        "ShortCode": 600638, "ResponseType": response,
        "ConfirmationURL": merchant.callbacks.callback,
        "ValidationURL": merchant.callbacks.callback,
    }  # fmt: skip
    assert code_of(merchant.daraja("c2b/v2/registerurl", body)) == (200, "0")


def test_a_bill_is_asked_about_and_told(merchant: Merchant):
    register(merchant)
    said = merchant.call("POST", "/phones/bill", BILL)[1]["message"]
    may, paid = merchant.callbacks.bodies()
    assert may == paid
    assert (paid["TransAmount"], paid["BillRefNumber"]) == ("100.00", "INV-7")
    assert paid["MSISDN"] == "2547 ***** 678"
    assert said == f"Paid. Receipt {paid['TransID']}."


def test_a_phone_may_be_a_hash(merchant: Merchant):
    register(merchant)
    merchant.call("POST", "/phones/bill", BILL | {"number": "254712345623"})
    paid = merchant.callbacks.bodies()[-1]
    assert len(paid["MSISDN"]) == 64
    assert paid["FirstName"] == ""


@pytest.mark.parametrize(
    ("reply", "response", "refuses", "goes_on"),
    cases(
        ("refused", b'{"ResultCode":"C2B00012","ResultDesc":"Rejected"}', "Cancelled", 0, False),
        ("no answer", b"", "Cancelled", 1, False),
        ("no answer, which is none of theirs", b"", "Completed", 1, True),
    ),
)
def test_whether_a_bill_goes_on(
    merchant: Merchant, reply: bytes, response: str, refuses: int, goes_on: bool
):
    register(merchant, response)
    before = merchant.callbacks.reply
    merchant.callbacks.reply, merchant.callbacks.refuses = reply, refuses
    said = merchant.call("POST", "/phones/bill", BILL)[1]["message"]
    merchant.callbacks.reply = before
    assert said.startswith("Paid.") == goes_on
    assert len(merchant.callbacks.asked) == 1 + goes_on
