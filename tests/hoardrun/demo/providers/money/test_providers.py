"""Airtel and pawaPay, and what MTN refuses."""

from __future__ import annotations

import base64
import hashlib
import uuid
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hoardrun.demo.providers.http import Asked
from tests.hoardrun.demo.providers.money.support import Merchant, cases


def code(body: Any) -> str:
    found: str = body["status"]["response_code"]
    return found


# -- MTN


@pytest.mark.parametrize(
    ("changes", "status"),
    cases(
        ("a number", {"amount": 5000}, 400),
        ("nothing", {"amount": "0"}, 400),
        ("three decimals", {"amount": "5000.001"}, 400),
        ("a plus", {"payer": {"partyIdType": "MSISDN", "partyId": "+256771234500"}}, 400),
        ("no phone", {"payer": {}}, 400),
        ("a long text", {"payeeNote": "x" * 161}, 400),
        ("another currency", {"currency": "KES"}, 500),
    ),
)
def test_what_mtn_refuses(merchant: Merchant, changes: dict[str, Any], status: int):
    assert merchant.mtn_collect("256771234500", **changes)[1] == status


def test_a_text_with_an_ampersand_is_taken_and_never_found(merchant: Merchant):
    reference, status, _ = merchant.mtn_collect("256771234500", payerMessage="R&D")
    merchant.money.advance(3)
    assert (status, merchant.mtn_status(reference)[0]) == (202, 404)
    assert merchant.callbacks.asked == []


# -- Airtel


def test_success_of_a_request_is_acceptance(merchant: Merchant):
    reference, begun = merchant.airtel_collect("701234504")
    assert (begun["status"]["success"], code(begun)) == (True, "DP00800001006")
    path = f"/standard/v1/payments/{reference}"
    asked = merchant.airtel("GET", path)[1]
    assert (asked["data"]["transaction"]["status"], code(asked)) == ("TIP", "DP00800001006")
    merchant.money.advance(3)
    asked = merchant.airtel("GET", path)[1]
    assert (asked["data"]["transaction"]["status"], code(asked)) == ("TF", "DP00800001008")
    [callback] = merchant.callbacks.bodies()
    assert callback["transaction"]["status_code"] == "TF"
    assert "amount" not in callback["transaction"]


@pytest.mark.parametrize(("number", "changes", "wanted"), cases(
    ("the country's code", "256701234500", {}, "DP00800001010"),
    ("a refusal with the status of success", "701234516", {}, "DP00800001010"),
    ("an amount of text", "701234500", {"transaction": {"amount": "5", "id": "order-7"}},
     "DP00800001004"),
    ("no reference", "701234500", {"reference": ""}, "DP00800001010"),
))  # fmt: skip
def test_airtel_refuses_with_200(
    merchant: Merchant, number: str, changes: dict[str, Any], wanted: str
):
    _, begun = merchant.airtel_collect(number, **changes)
    assert (begun["status"]["success"], code(begun)) == (False, wanted)


def test_airtel_knows_an_id_again(merchant: Merchant):
    reference, _ = merchant.airtel_collect("701234500")
    place = {"country": "UG", "currency": "UGX"}
    again = {"transaction": place | {"amount": 5000, "id": reference}}
    assert code(merchant.airtel_collect("701234500", **again)[1]) == "DP00800001011"


def test_a_payout_needs_the_sealed_pin(merchant: Merchant):
    for pin, wanted in ((merchant.money.seal.sealed(), True), ("1234", False)):
        body = {
            "payee": {"msisdn": "701234500"}, "reference": "Wage", "pin": pin,
            "transaction": {"amount": 5000, "id": uuid.uuid4().hex, "type": "B2C"},
        }  # fmt: skip
        begun = merchant.airtel("POST", "/standard/v1/disbursements/", body)[1]
        assert begun["status"]["success"] == wanted


def test_a_payment_is_given_back_once(merchant: Merchant):
    merchant.airtel_collect("701234500")
    merchant.money.advance(3)
    receipt = merchant.callbacks.bodies()[0]["transaction"]["airtel_money_id"]
    body = {"transaction": {"airtel_money_id": receipt}}
    found = [merchant.airtel("POST", "/standard/v1/payments/refund", body)[1] for _ in range(2)]
    assert [one["status"]["success"] for one in found] == [True, False]


def test_a_token_of_airtel_lives_three_minutes(merchant: Merchant):
    merchant.airtel_collect("701234500")
    merchant.money.advance(181)
    assert merchant.airtel("GET", "/standard/v1/payments/7")[0] == 401
    merchant.tokens.clear()


# -- pawaPay


def test_a_deposit_and_its_duplicate(merchant: Merchant):
    reference, begun = merchant.deposit("256771234500")
    again = merchant.deposit("256771234500", depositId=reference)[1]
    assert [begun["status"], again["status"]] == ["ACCEPTED", "DUPLICATE_IGNORED"]
    assert merchant.pawapay("GET", f"/v2/deposits/{reference}")[1]["data"]["status"] == "PROCESSING"
    merchant.money.advance(3)
    found = merchant.pawapay("GET", f"/v2/deposits/{reference}")[1]
    assert (found["status"], found["data"]["status"]) == ("FOUND", "COMPLETED")
    assert merchant.callbacks.bodies() == [
        found["data"] | {"created": merchant.callbacks.bodies()[0]["created"]}
    ]


@pytest.mark.parametrize(("changes", "wanted"), cases(
    ("a leading zero", {"amount": "05000"}, "INVALID_AMOUNT"),
    ("a trailing zero", {"amount": "5000.50"}, "INVALID_AMOUNT"),
    ("decimals of shillings", {"amount": "5000.5"}, "INVALID_AMOUNT"),
    ("a number", {"amount": 5000}, "INVALID_AMOUNT"),
    ("too much", {"amount": "10000001"}, "AMOUNT_OUT_OF_BOUNDS"),
    ("another currency", {"currency": "KES"}, "INVALID_CURRENCY"),
    ("a network of nobody", {"payer": {"type": "MMO", "accountDetails": {"provider": "X"}}},
     "INVALID_PROVIDER"),
))  # fmt: skip
def test_what_pawapay_rejects(merchant: Merchant, changes: dict[str, Any], wanted: str):
    _, begun = merchant.deposit("256771234500", **changes)
    assert (begun["status"], begun["failureReason"]["failureCode"]) == ("REJECTED", wanted)


def test_payouts_and_refunds_of_pawapay(merchant: Merchant):
    deposit, _ = merchant.deposit("256771234500")
    account = {"phoneNumber": "256771234502", "provider": "MTN_MOMO_UGA"}
    payout = {
        "payoutId": str(uuid.uuid4()), "amount": "100", "currency": "UGX",
        "recipient": {"type": "MMO", "accountDetails": account}, "customerMessage": "Wage",
    }  # fmt: skip
    refund = {"refundId": str(uuid.uuid4()), "depositId": deposit, "amount": "5", "currency": "UGX"}
    assert merchant.pawapay("POST", "/v2/payouts", payout)[1]["status"] == "ACCEPTED"
    assert merchant.pawapay("POST", "/v2/refunds", refund)[1]["status"] == "ACCEPTED"
    merchant.money.advance(3)
    paid_out = merchant.pawapay("GET", f"/v2/payouts/{payout['payoutId']}")[1]["data"]
    given_back = merchant.pawapay("GET", f"/v2/refunds/{refund['refundId']}")[1]["data"]
    assert paid_out["failureReason"]["failureCode"] == "INSUFFICIENT_BALANCE"
    assert given_back["status"] == "COMPLETED"


def test_a_callback_is_sent_again_on_request(merchant: Merchant):
    reference, _ = merchant.deposit("256771234506")
    path = f"/v2/deposits/resend-callback/{reference}"
    assert merchant.pawapay("POST", path)[1]["status"] == "REJECTED"
    merchant.money.advance(3)
    assert merchant.callbacks.asked == []
    assert merchant.pawapay("POST", path)[1]["status"] == "ACCEPTED"
    merchant.money.advance(0)
    assert len(merchant.callbacks.asked) == 1


def is_signed(merchant: Merchant, asked: Asked) -> bool:
    """Verify a signature by the words of RFC 9421."""
    parameters = asked.headers["signature-input"].removeprefix("sig-pp=")
    lines = [
        f'"@method": {asked.method}', f'"@authority": {asked.headers["host"]}',
        f'"@path": {asked.path}', f'"content-digest": {asked.headers["content-digest"]}',
        f'"content-type": {asked.headers["content-type"]}', f'"@signature-params": {parameters}',
    ]  # fmt: skip
    raw = base64.b64decode(asked.headers["signature"].removeprefix("sig-pp=:").removesuffix(":"))
    halves = (int.from_bytes(half) for half in (raw[:32], raw[32:]))
    try:
        merchant.money.pawapay.account.key.public_key().verify(
            encode_dss_signature(*halves), "\n".join(lines).encode(), ec.ECDSA(SHA256())
        )
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize(("number", "is_ours"), [("256771234500", True), ("256771234518", False)])
def test_callbacks_of_pawapay_are_signed(merchant: Merchant, number: str, is_ours: bool):
    merchant.deposit(number)
    merchant.money.advance(3)
    [asked] = merchant.callbacks.asked
    digest = base64.b64encode(hashlib.sha512(asked.body).digest()).decode()
    assert asked.headers["content-digest"] == f"sha-512=:{digest}:"
    assert is_signed(merchant, asked) == is_ours
