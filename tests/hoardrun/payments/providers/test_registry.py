"""All providers keep one contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hoardrun.payments.providers as package
from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.providers.airtel import protocol as airtel
from hoardrun.payments.providers.daraja import requests as daraja
from hoardrun.payments.providers.interface import Incoming, Order, Verdict
from hoardrun.payments.providers.mtn import protocol as mtn
from hoardrun.payments.providers.pawapay import protocol as pawapay
from hoardrun.payments.providers.registry import ACCOUNTS, PROVIDERS
from tests.hoardrun.payments.providers.support import NOT_SENT, order, reply

NAMES = sorted(PROVIDERS)
FOLDER = Path(next(iter(package.__path__)))
WORDS = (
    "status", "status_code", "reason", "transaction", "data", "amount", "payer", "partyId", "Item",
    "partyIdType", "MSISDN", "financialTransactionId", "airtel_money_id", "failureReason", "Key",
    "accountDetails", "phoneNumber", "MpesaReceiptNumber", "TransID", "TransAmount", "errorCode",
    "TransactionDate", "Body", "stkCallback", "Result", "ResultCode", "ResultParameters", "Name",
    "ResultParameter", "CallbackMetadata", "Value", "TS", "SUCCESSFUL", "COMPLETED", "FAILED",
)  # fmt: skip
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)
    ),
    max_leaves=12,
)
BODIES = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40)


def test_each_folder_is_a_provider():
    assert sorted(path.parent.name for path in FOLDER.glob("*/protocol.py")) == NAMES


def test_a_provider_is_known_by_the_name_of_its_folder():
    assert all(type(each).__module__.split(".")[-2] == name for name, each in PROVIDERS.items())


@given(body=BODIES, status=st.sampled_from([None, 200, 202, 400, 404, 409, 500, 503]))
@settings(max_examples=15)
def test_whatever_is_answered_or_called_back_is_evidence(body, status):
    for provider in PROVIDERS.values():
        for kind in provider.capabilities.kinds:
            asked: Order = order(kind=kind)
            begun = provider.read_begun(asked, reply(status, body))
            assert (begun.source, begun.raw) == (Source.ACK, body)
            assert begun.claim in {Claim.ACCEPTED, Claim.NOT_PAID, Claim.UNKNOWN}
            looked = provider.read_look(asked, reply(status, body))
            assert (looked.source, looked.raw) == (Source.QUERY, body)
        for purpose in ("payment", "timeout", "account"):
            call = Incoming(method="PUT", path="/", headers={}, raw=body, purpose=purpose)
            called: Evidence = provider.read_callback(call, Verdict.UNPROVEN)
            assert (called.source, called.raw) == (Source.CALLBACK, body)
            assert provider.answer(call).status == 200
    for accounts in ACCOUNTS.values():
        assert isinstance(accounts.refusal(reply(status, body)), str)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_not_sent_is_safe_to_try_again_and_a_timeout_is_not(name):
    provider = PROVIDERS[name]
    lost = provider.read_begun(order(), NOT_SENT)
    assert (lost.claim, lost.reason, lost.retry_safe) == (Claim.NOT_PAID, "not_sent", True)
    for answer in (reply(None), reply(500, b"<html>"), reply(502), reply(503)):
        unknown = provider.read_begun(order(), answer)
        assert (unknown.claim, unknown.retry_safe) == (Claim.UNKNOWN, False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", [None, 401, 403, 429, 500, 502, 503])
def test_a_look_that_fails_says_nothing_of_the_payment(name, status):
    found = PROVIDERS[name].read_look(order(provider_request_id="1"), reply(status))
    assert (found.claim, found.reason in {"no_answer", "token"}) == (Claim.UNKNOWN, True)


@pytest.mark.parametrize("name", NAMES)
def test_a_body_that_is_cut_or_too_long_loses_nothing(name):
    for raw in (b'{"status":"SUCC', b'{"a":"' + b"x" * 70_000 + b'"}', b'{"a":1,"a":2}'):
        call = Incoming(method="POST", path="/", headers={}, raw=raw)
        found = PROVIDERS[name].read_callback(call, Verdict.UNPROVEN)
        assert (found.claim, found.reason, found.raw) == (Claim.UNKNOWN, "unreadable", raw)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("mtn", mtn.Keys(user="", key="", subscription_key="", environment="")),
        ("airtel", airtel.Keys(client_id="", client_secret="")),
        ("daraja", daraja.Keys(consumer_key="", consumer_secret="", shortcode="1", passkey="")),
        ("pawapay", pawapay.Keys(api_token="")),
    ],
)
def test_a_provider_can_do_what_it_says(name, keys):
    provider = PROVIDERS[name]
    can = provider.capabilities
    asked = order(msisdn="+256771234567", provider_request_id="1")
    assert can.name_check is (provider.ask_name(asked, keys, "") is not None)
    for kind in can.kinds:
        sent = provider.begin(order(kind=kind, msisdn="+256771234567"), keys, "t0ken")
        assert (sent.method, sent.headers["User-Agent"]) == ("POST", "hoardrun-payments")
        look = provider.look(order(kind=kind, provider_request_id="1"), keys, "t0ken")
        assert look is not None or (name, kind) == ("airtel", "refund")
    for currency, places in can.decimals.items():
        assert len(currency) == 3 and 0 <= places <= 3
    assert can.plan.first_seconds <= can.prompt_seconds
