"""What becomes of each number: at MTN by its table, elsewhere where the words differ."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import httpcore
import pytest

from hoardrun.demo.providers.money.outcomes import OUTCOMES
from tests.hoardrun.demo.providers.money.support import Merchant, cases

PAID, ASKED = (200, "SUCCESSFUL"), (200, "PENDING")
GONE, BROKEN = (404, "RESOURCE_NOT_FOUND"), (503, "SERVICE_UNAVAILABLE")


def found(merchant: Merchant, reference: str) -> tuple[int, str]:
    """Return the HTTP status of a question, and what its answer says."""
    status, body = merchant.mtn_status(reference)
    reason = body.get("reason") or {}
    return status, reason.get("code") or body.get("status") or body["code"]


# Number; the answer to the request; what is asked at once, after 5 s and after two minutes; what is
# called back until then.
ROWS = {
    0: (202, ASKED, PAID, PAID, ["SUCCESSFUL"]),
    1: (202, PAID, PAID, PAID, ["SUCCESSFUL"]),
    2: (202, ASKED, (200, "NOT_ENOUGH_FUNDS"), (200, "NOT_ENOUGH_FUNDS"), ["NOT_ENOUGH_FUNDS"]),
    3: (
        202, ASKED, (200, "PAYMENT_NOT_APPROVED"), (200, "PAYMENT_NOT_APPROVED"),
        ["PAYMENT_NOT_APPROVED"],
    ),
    4: (202, ASKED, (200, "APPROVAL_REJECTED"), (200, "APPROVAL_REJECTED"), ["APPROVAL_REJECTED"]),
    5: (202, ASKED, ASKED, (200, "EXPIRED"), ["EXPIRED"]),
    6: (202, ASKED, PAID, PAID, []),
    7: (202, ASKED, PAID, PAID, ["SUCCESSFUL"] * 3),
    8: (202, ASKED, ASKED, PAID, ["SUCCESSFUL"]),
    9: (202, ASKED, PAID, PAID, ["SUCCESSFUL"]),
    10: (202, ASKED, PAID, PAID, ["SUCCESSFUL"]),
    11: (None, ASKED, PAID, PAID, ["SUCCESSFUL"]),
    12: (None, GONE, GONE, GONE, []),
    13: (503, BROKEN, BROKEN, PAID, ["SUCCESSFUL"]),
    14: (202, ASKED, (200, "SFC_IC0003"), (200, "SFC_IC0003"), ["SFC_IC0003"]),
    15: (403, GONE, GONE, GONE, []),
    16: (400, GONE, GONE, GONE, []),
    17: (202, GONE, GONE, GONE, []),
    18: (202, ASKED, ASKED, (200, "EXPIRED"), ["SUCCESSFUL", "EXPIRED"]),
    19: (202, ASKED, PAID, PAID, ["SUCCESSFUL"]),
    20: (202, ASKED, PAID, PAID, ["SUCCESSFUL"]),
    21: (202, ASKED, PAID, PAID, ["SUCCESSFUL"]),
    23: (202, ASKED, PAID, PAID, ["SUCCESSFUL"]),
    24: (202, ASKED, ASKED, (200, "EXPIRED"), ["EXPIRED"]),
}  # fmt: skip


@pytest.mark.parametrize(
    ("digits", "begun", "first", "soon", "late", "told"),
    cases(*((f"{digits:02}", digits, *row) for digits, row in ROWS.items())),
)
def test_each_number_has_its_outcome(
    merchant: Merchant, digits: int, begun: int | None, first: Any, soon: Any, late: Any,
    told: list[str],
):  # fmt: skip
    try:
        reference, status, _ = merchant.mtn_collect(f"2567712345{digits:02}")
    except httpcore.RemoteProtocolError:
        status = None
        reference = merchant.money.asked[-1].headers["x-reference-id"]
    assert status == begun
    assert found(merchant, reference) == first
    merchant.money.advance(5)
    assert found(merchant, reference) == soon
    merchant.money.advance(115)
    assert found(merchant, reference) == late
    assert [one.get("reason", one["status"]) for one in merchant.callbacks.bodies()] == told


def test_all_numbers_of_the_table_are_tried():
    assert OUTCOMES.keys() == ROWS.keys() - {24} | {22}


def test_other_figures_are_told_and_answered_alike(merchant: Merchant):
    one, two = (merchant.mtn_collect(f"2567712345{digits}")[0] for digits in ("09", "10"))
    merchant.money.advance(3)
    for reference, figures in ((one, ("5001", "UGX")), (two, ("5000", "USD"))):
        told = merchant.mtn_status(reference)[1]
        assert (told["amount"], told["currency"]) == figures
    assert {(each["amount"], each["currency"]) for each in merchant.callbacks.bodies()} == {
        ("5001", "UGX"),
        ("5000", "USD"),
    }


def test_a_payment_expires_before_it_is_paid_late(merchant: Merchant):
    reference, *_ = merchant.mtn_collect("256771234508")
    merchant.money.advance(61)
    assert found(merchant, reference) == (200, "EXPIRED")
    assert merchant.callbacks.bodies() == []
    merchant.money.advance(30)
    assert found(merchant, reference) == PAID


def test_texts_and_numbers_stand_for_each_other(merchant: Merchant):
    reference, *_ = merchant.mtn_collect("256771234521")
    merchant.money.advance(3)
    for told in (merchant.mtn_status(reference)[1], *merchant.callbacks.bodies()):
        assert (told["amount"], told["payer"]["partyId"]) == (5000, 256771234521)
    checkout = merchant.push(254712345621)[1]["CheckoutRequestID"]
    merchant.money.advance(3)
    assert merchant.push_status(checkout)[1]["ResultCode"] == 0
    callback = merchant.callbacks.bodies()[-1]["Body"]["stkCallback"]
    assert callback["ResultCode"] == "0"
    assert callback["CallbackMetadata"]["Item"][0] == {"Name": "Amount", "Value": "10.00"}


def test_a_callback_comes_by_put_where_the_number_says_so(merchant: Merchant):
    for number in ("256771234520", "256771234500"):
        merchant.mtn_collect(number)
        merchant.money.advance(3)
    assert [asked.method for asked in merchant.callbacks.asked] == ["PUT", "POST"]


def test_a_token_ends_on_the_way(merchant: Merchant):
    reference, status, _ = merchant.mtn_collect("256771234522")
    assert status == 202
    assert merchant.mtn_status(reference)[0] == 401
    merchant.tokens.clear()
    merchant.money.advance(3)
    assert found(merchant, reference) == PAID


def test_a_forger_calls_from_elsewhere_and_names_an_address_of_safaricom(merchant: Merchant):
    merchant.push(254712345618)
    merchant.money.advance(3)
    [(callback, _)] = merchant.money.processor.sender.posted
    [asked] = merchant.callbacks.asked
    assert callback.source == "127.0.0.2"
    assert asked.headers["x-forwarded-for"] == "196.201.214.200"
    assert asked.json()["Body"]["stkCallback"]["ResultCode"] == 0


def test_a_forger_has_no_key(merchant: Merchant):
    secret = merchant.money.airtel.account.hash_secret.encode()
    for number in ("701234518", "701234500"):
        merchant.airtel_collect(number)
        merchant.money.advance(3)
    is_ours = []
    for asked in merchant.callbacks.asked:
        signed = asked.body.partition(b',"hash"')[0] + b"}"
        ours = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
        is_ours.append(asked.json()["hash"] == ours)
    assert is_ours == [False, True]


@pytest.mark.parametrize("number", ["256771234511", "256771234512"])
def test_silence_ends_by_closing_the_connection(merchant: Merchant, number: str):
    with pytest.raises(httpcore.RemoteProtocolError):
        merchant.mtn_collect(number)
    assert len(merchant.money.processor.store.payments) == (number[-2:] == "11")
