"""Airtel Money: its requests as they go out, and each row of its tables."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.providers.airtel.protocol import CODES, Airtel, Keys
from hoardrun.payments.providers.interface import Verdict
from tests.hoardrun.payments.providers.support import ID, NOW, incoming, order, reply

AIRTEL = Airtel()
KEYS = Keys(client_id="c1", client_secret="s3cret", pin="c2VhbGVk")
CALLBACK = {
    "transaction": {
        "id": ID,
        "message": "Paid UGX 5,000 to TECHNOLOGIES LIMITED Charge UGX 140, Trans ID MP21.",
        "status_code": "TS",
        "airtel_money_id": "MP210603.1234.L06941",
    }
}


def enquired(word: str, code: str = "", kind: Any = "collect", **rest: Any):
    transaction = {"id": ID, "message": "…", "status": word} | rest
    body = {
        "data": {"transaction": transaction},
        "status": {"code": "200", "response_code": code, "success": True},
    }
    return AIRTEL.read_look(order(kind=kind), reply(200, body))


def begun(code: str, kind: Any = "collect", status: int = 200, *, success: object = True):
    body = {
        "data": {"transaction": {"id": ID, "status": "Success."}},
        "status": {"code": "200", "message": "…", "response_code": code, "success": success},
    }
    return AIRTEL.read_begun(order(kind=kind), reply(status, body))


def test_a_token_is_asked_for():
    request = AIRTEL.token(KEYS, "collect")
    assert request is not None
    assert (request.method, request.path) == ("POST", "/auth/oauth2/token")
    assert json.loads(request.body) == {
        "client_id": "c1",
        "client_secret": "s3cret",
        "grant_type": "client_credentials",
    }


def test_a_collection_has_the_phone_without_its_country():
    clean = AIRTEL.clean(order(msisdn="+256701234567", reference="Fare 8842"))
    request = AIRTEL.begin(clean, KEYS, "t0ken")
    assert (request.method, request.path) == ("POST", "/merchant/v1/payments/")
    assert request.headers == {
        "Authorization": "Bearer t0ken",
        "Content-Type": "application/json",
        "User-Agent": "hoardrun-payments",
        "X-Country": "UG",
        "X-Currency": "UGX",
    }
    assert json.loads(request.body) == {
        "reference": "Fare 8842",
        "subscriber": {"country": "UG", "currency": "UGX", "msisdn": "701234567"},
        "transaction": {"amount": 5000, "country": "UG", "currency": "UGX", "id": ID},
    }


def test_amounts_with_cents_are_numbers_that_are_exact():
    clean = AIRTEL.clean(
        order(msisdn="0733123456", country="KE", currency="KES", amount=Decimal("10.10"))
    )
    assert b'"amount":10.10,' in AIRTEL.begin(clean, KEYS, "t0ken").body


def test_a_payout_has_a_sealed_pin_and_a_refund_their_id():
    payout = AIRTEL.begin(AIRTEL.clean(order(kind="payout", msisdn="0701234567")), KEYS, "t")
    assert payout.path == "/standard/v1/disbursements/"
    assert json.loads(payout.body) == {
        "payee": {"msisdn": "701234567"},
        "reference": "Payment",
        "pin": "c2VhbGVk",
        "transaction": {"amount": 5000, "id": ID, "type": "B2C"},
    }
    refund = AIRTEL.begin(AIRTEL.clean(order(kind="refund", refunds="MP21")), KEYS, "t")
    assert refund.path == "/standard/v1/payments/refund"
    assert json.loads(refund.body) == {"transaction": {"airtel_money_id": "MP21"}}


def test_it_is_asked_about_by_our_id():
    for kind, path in (("collect", "payments"), ("payout", "disbursements")):
        request = AIRTEL.look(order(kind=kind), KEYS, "t0ken")
        assert request is not None
        assert (request.method, request.path) == ("GET", f"/standard/v1/{path}/{ID}")
    assert AIRTEL.look(order(kind="refund"), KEYS, "t0ken") is None


def test_success_is_an_acceptance():
    found = begun("DP00800001006")
    assert (found.claim, found.source, found.provider_txn_id) == (Claim.ACCEPTED, Source.ACK, "")
    assert begun("DP00800001001").claim is Claim.ACCEPTED


def test_a_refusal_comes_with_http_200():
    found = begun("DP00800001007", success=False)
    assert (found.claim, found.reason, found.retry_safe) == (Claim.NOT_PAID, "funds", True)
    # Without a code that we know it is not said that nothing was done.
    assert begun("DP99", success=False).claim is Claim.UNKNOWN
    assert begun("DP00800001006", success=False).claim is Claim.UNKNOWN
    assert begun("", success="true").claim is Claim.UNKNOWN


@pytest.mark.parametrize(
    ("status", "claim", "reason"),
    [(400, "not_paid", "request"), (401, "not_paid", "config"), (403, "not_paid", "config")],
)
def test_each_refusal_by_http(status, claim, reason):
    found = AIRTEL.read_begun(order(), reply(status, b"<html>"))
    assert (found.claim, found.reason, found.retry_safe) == (claim, reason, True)


COLLECT = [
    ("00", "unknown", "ambiguous", False),
    ("01", "accepted", "", False),
    ("02", "not_paid", "pin", True),
    ("03", "not_paid", "limit", True),
    ("04", "not_paid", "request", True),
    ("05", "not_paid", "expired", True),
    ("06", "accepted", "", False),
    ("07", "not_paid", "funds", True),
    ("08", "not_paid", "cancelled", True),
    ("09", "not_paid", "not_allowed", True),
    ("10", "not_paid", "not_allowed", True),
    ("11", "accepted", "", False),
    ("17", "accepted", "", False),
    ("24", "unknown", "timeout", False),
    ("25", "unknown", "not_found", False),
    ("26", "not_paid", "config", True),
    ("29", "not_paid", "expired", True),
]
PAYOUT = [
    ("00", "unknown", "ambiguous", False),
    ("01", "accepted", "", False),
    ("03", "not_paid", "limit", True),
    ("04", "not_paid", "request", True),
    ("05", "not_paid", "provider", True),
    ("06", "accepted", "", False),
    ("07", "not_paid", "funds", True),
    ("11", "unknown", "ambiguous", False),
    ("12", "not_paid", "no_wallet", True),
    ("13", "not_paid", "not_allowed", True),
    ("14", "unknown", "ambiguous", False),
    ("15", "unknown", "not_found", False),
    ("17", "accepted", "", False),
]


@pytest.mark.parametrize(("code", "claim", "reason", "retry_safe"), COLLECT)
def test_each_code_of_a_collection(code, claim, reason, retry_safe):
    found = begun(f"DP008000010{code}")
    assert (found.claim, found.reason, found.retry_safe) == (claim, reason, retry_safe)


@pytest.mark.parametrize(("code", "claim", "reason", "retry_safe"), PAYOUT)
def test_each_code_of_a_disbursement(code, claim, reason, retry_safe):
    found = begun(f"DP009000010{code}", "payout")
    assert (found.claim, found.reason, found.retry_safe) == (claim, reason, retry_safe)


def test_the_codes_are_all_there_are():
    assert (len(COLLECT), len(PAYOUT)) == (len(CODES["collect"]), len(CODES["payout"]))


@pytest.mark.parametrize(
    ("word", "claim", "reason"),
    [
        ("TS", "paid", ""),
        ("TF", "not_paid", "provider"),
        ("TE", "not_paid", "expired"),
        ("TIP", "waiting", ""),
        ("TA", "unknown", "ambiguous"),
        ("TI", "unknown", "ambiguous"),
        ("ts", "unknown", "unknown_code"),
        ("", "unknown", "unknown_code"),
    ],
)
def test_each_state_of_an_enquiry(word, claim, reason):
    found = enquired(word, airtel_money_id="MP21")
    assert (found.claim, found.reason, found.source) == (claim, reason, Source.QUERY)


def test_a_code_explains_a_failure_and_never_turns_it_into_a_payment():
    assert enquired("TF", "DP00800001007").reason == "funds"
    assert enquired("TF", "DP00800001001").claim is Claim.NOT_PAID
    assert enquired("TIP", "DP00800001001").claim is Claim.WAITING
    assert enquired("TF", "DP00900001012", "payout").reason == "no_wallet"
    assert enquired("", "DP00800001025").reason == "not_found"


def test_a_success_without_a_receipt_is_unknown():
    found = enquired("TS")
    assert (found.claim, found.reason) == (Claim.UNKNOWN, "no_receipt")


def test_a_callback_has_neither_amount_nor_currency():
    nested = {"data": {"transaction": {"id": ID, "status": "TS", "airtel_money_id": "MP21"}}}
    for body in (CALLBACK, nested):
        found = AIRTEL.read_callback(incoming(body), Verdict.UNPROVEN)
        assert (found.claim, found.source) == (Claim.PAID, Source.CALLBACK)
        assert (found.amount, found.currency, found.reference) == (None, "", ID)
    genuine = AIRTEL.read_callback(incoming(CALLBACK), Verdict.GENUINE)
    assert genuine.source is Source.SIGNED_CALLBACK


def test_a_wallet_has_a_name():
    request = AIRTEL.ask_name(AIRTEL.clean(order(msisdn="0701234567")), KEYS, "t0ken")
    assert request is not None
    assert (request.method, request.path) == ("GET", "/standard/v1/users/701234567")
    body = {"data": {"first_name": "Sarah", "last_name": "Nakato"}}
    assert AIRTEL.read_name(reply(200, body)) == "Sarah Nakato"
    assert AIRTEL.read_name(reply(200, {"data": None})) == AIRTEL.read_name(reply(None)) == ""


def test_without_a_hash_a_callback_is_unproven():
    assert AIRTEL.verify(incoming(CALLBACK), KEYS, NOW) is Verdict.UNPROVEN
