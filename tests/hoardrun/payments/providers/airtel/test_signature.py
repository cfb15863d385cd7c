"""The hash of Airtel's callbacks."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode

import pytest

from hoardrun.payments.providers.airtel.signature import verify
from hoardrun.payments.providers.interface import Verdict

KEY = "private-key"
# Written with blanks, an escape, and 1.00, none of which survives being written anew.
TRANSACTION = b'{"id": "BBZMiscxy", "message": "Caf\\u00e9 1.00", "fee": 1.00, "status_code":"TS"}'


def hash_of(message: bytes) -> str:
    return b64encode(hmac.new(KEY.encode(), message, hashlib.sha256).digest()).decode()


IN_HEADER = b'{"transaction": ' + TRANSACTION + b"}"
HASH = hash_of(b'{"transaction":' + TRANSACTION + b"}")
IN_BODY = b'{"transaction": ' + TRANSACTION + b', "hash": "' + HASH.encode() + b'"}'


@pytest.mark.field(number=15)
def test_a_hash_in_a_header_is_of_the_bytes_as_they_came():
    told = {"hash": hash_of(IN_HEADER)}
    assert verify(IN_HEADER, told, secret=KEY, hashed="body") is Verdict.GENUINE
    anew = IN_HEADER.replace(b"1.00,", b"1.0,")
    assert verify(anew, told, secret=KEY, hashed="body") is Verdict.FORGED


@pytest.mark.field(number=15)
def test_a_hash_in_the_body_is_of_the_transaction_as_it_was_written():
    assert verify(IN_BODY, {}, secret=KEY, hashed="body") is Verdict.GENUINE
    other = IN_BODY.replace(b'"TS"', b'"TF"')
    assert verify(other, {}, secret=KEY, hashed="body") is Verdict.FORGED


def test_it_may_be_of_the_compact_transaction():
    told = hash_of(b'{"id":"B","status_code":"TS"}')
    raw = b'{"transaction": {"id": "B", "status_code": "TS"}, "hash": "%s"}' % told.encode()
    assert verify(raw, {}, secret=KEY, hashed="transaction") is Verdict.GENUINE
    assert verify(raw, {}, secret="other", hashed="transaction") is Verdict.FORGED


@pytest.mark.parametrize(
    ("raw", "secret"),
    [(IN_HEADER, KEY), (IN_BODY, ""), (b"<html>", KEY), (b'{"hash": ""}', KEY)],
)
def test_without_a_hash_or_a_secret_it_is_unproven(raw, secret):
    assert verify(raw, {}, secret=secret, hashed="body") is Verdict.UNPROVEN


@pytest.mark.parametrize(
    "raw", [b'{"hash": 5}', b'{"hash": "x"}', b'{"transaction": 1, "hash": "\xc3\xa9"}']
)
def test_a_hash_of_another_shape_is_forged(raw):
    assert verify(raw, {}, secret=KEY, hashed="body") is Verdict.FORGED
