"""A body is listed by its values, and none of them tells who the person is."""

from __future__ import annotations

import json

import pytest

from hoardrun.payments.queue.masks import HIDDEN, MOST, facts_in
from tests.hoardrun.payments.queue.support import BODY, SECRETS

PHONE = "+254712345678"


def facts(body: object, phone: str = PHONE) -> dict[str, str]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {fact.name: fact.value for fact in facts_in(raw, phone=phone)}


def test_figures_are_shown_as_they_were_written_and_people_are_not():
    assert facts(BODY) == {
        "financialTransactionId": "1432942836",
        "amount": "4500.00",
        "currency": "UGX",
        "payer.partyIdType": HIDDEN,
        "payer.partyId": HIDDEN,
        "payerMessage": HIDDEN,
    }


def test_pairs_of_daraja_are_named_by_their_names():
    items = [{"Name": "Amount", "Value": 10}, {"Name": "Balance"}]
    items += [{"Name": "PhoneNumber", "Value": 254712345678}]
    keys = [{"Key": "ReceiverPartyPublicName", "Value": "254712345678 - Jane Doe"}]
    body = {"Body": {"ResultCode": 0, "Meta": {"Item": items}, "More": keys}}
    assert facts(body) == {
        "Body.ResultCode": "0",
        "Body.Meta.Item.Amount": "10",
        "Body.Meta.Item.Balance": "null",
        "Body.Meta.Item.PhoneNumber": HIDDEN,
        "Body.More.ReceiverPartyPublicName": HIDDEN,
    }


def test_the_payers_number_is_hidden_wherever_it_stands():
    body = {"status": "0712345678", "ResultDesc": "Sent to 254 712 345 678", "amount": 5}
    assert facts(body) == {"status": HIDDEN, "ResultDesc": HIDDEN, "amount": "5"}


def test_a_name_that_stands_twice_is_listed_twice():
    found = facts_in(b'{"amount": 1, "amount": 2}')
    assert [fact.value for fact in found] == ["1", "2"]


@pytest.mark.parametrize("raw", [b"<html>Jane Auma</html>", b"\xff\xfe", b"[" * 5000])
def test_what_is_no_json_is_only_measured(raw: bytes):
    assert facts(raw) == {"body": f"{len(raw)} bytes that are no JSON"}


def test_nothing_is_nothing():
    assert facts_in(b"") == ()


def test_a_long_or_deep_body_is_cut():
    found = facts_in(json.dumps({f"code{n}": n for n in range(200)}).encode())
    assert len(found) == MOST + 1
    deep: object = "Jane Auma"
    for _ in range(20):
        deep = {"status": deep}
    assert not any(secret in str(facts(deep)) for secret in SECRETS)
