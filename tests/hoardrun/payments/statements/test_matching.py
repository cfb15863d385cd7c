"""Lines of a statement held against our payments."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from hoardrun.payments.evidence import Claim
from hoardrun.payments.statements.chain import gaps
from hoardrun.payments.statements.matching import match
from hoardrun.payments.statements.parse import read_statement
from tests.hoardrun.payments.statements.support import (
    DARAJA,
    NONE,
    NOW,
    PARTY,
    PHONE,
    at,
    found,
    line,
    ours,
)


def test_a_receipt_is_sure():
    payment = ours("p", 100, receipt="R1")
    assert found([line(1, 100)], [payment]) == [("matched", "R1", "p", "receipt")]


def test_an_amount_that_differs_is_named():
    payment = ours("p", 100, receipt="R1")
    assert found([line(1, 90)], [payment]) == [("amount_differs", "R1", "p", "receipt")]


def test_our_id_in_the_details_is_nearly_as_sure():
    own = "6f1a3c52-0e0b-4a3e-9d2f-0c5b6f1d7a10"
    told = line(1, 100, details=f"Payment, ref {own}.")
    assert found([told], [ours(own, 100)]) == [("matched", "R1", own, "reference")]
    # One that has another receipt already was paid twice.
    twice = [ours(own, 100, receipt="R0")]
    assert ("missing_here", "R1", "", "") in found([told], twice)


def test_a_refund_of_ours_is_a_payment_whatever_its_provider_calls_it():
    payment, refund = ours("p", 100, receipt="R0"), ours("r", -100, receipt="R1")
    told = line(1, -100, kind="reversal", linked="R0")
    assert found([told], [payment, refund], now=at(12)) == [("matched", "R1", "r", "receipt")]
    [matched] = match([told], [refund], known=NONE, now=NOW)
    assert matched.line and matched.line.evidence().claim is Claim.PAID
    again = frozenset({("R1", True, "payment")})
    assert found([told], [refund], known=again) == [("known", "R1", "", "")]


def test_a_reversal_that_names_nothing_is_the_refund_that_is_like_it():
    payment, refund = ours("p", -100, **PHONE), ours("r", -100, refunds="p", **PHONE)
    told = line(1, -100, kind="reversal", **PARTY)
    assert found([told], [payment, refund], now=at(12)) == [("matched", "R1", "r", "likeness")]
    [matched] = match([told], [refund], known=NONE, now=at(12))
    assert matched.line and matched.line.evidence().claim is Claim.PAID
    # Another file tells it as a reversal again.
    assert found([told], [refund], known=frozenset({("R1", True, "payment")}), now=at(12)) == [
        ("known", "R1", "", "")
    ]
    # A person decides on a reversal that fits no refund of ours, or two.
    twin = ours("s", -100, refunds="p", **PHONE)
    for some in ([payment], [refund, twin]):
        assert found([told], some, now=at(12)) == [("reversal", "R1", "", "")]


def test_fees_and_reversals_belong_to_their_payment():
    lines = [
        line(1, -5, kind="fee", receipt="R0"),
        line(2, -100, kind="reversal", linked="R0"),
        line(3, -1, kind="fee"),
    ]
    assert found(lines, [ours("p", 100, receipt="R0", at=NOW)]) == [
        ("fee", "R0", "p", ""),
        ("reversal", "R2", "p", ""),
        ("fee", "R3", "", ""),
    ]


def test_a_reversal_may_name_our_id_and_goes_the_other_way():
    payment = ours("p", 100, receipt="R0", at=NOW)
    back, forth = (line(1, amount, kind="reversal", details="for p") for amount in (-100, 100))
    assert found([back], [payment]) == [("reversal", "R1", "p", "")]
    assert found([forth], [payment]) == [("reversal", "R1", "", "")]
    elsewhere = line(1, -100, kind="reversal", details="for p", linked="R7")
    assert found([elsewhere], [payment]) == [("reversal", "R1", "", "")]


@pytest.mark.parametrize("receipt", ["", "R2"])
def test_a_refund_told_by_the_receipt_of_its_payment_is_not_missing_there(receipt):
    paid = ours("p", 100, receipt="R1", at=NOW)
    refund = ours("r", -40, receipt=receipt, refunds="p")
    back = line(1, -40, kind="reversal")
    assert found([back], [paid, refund]) == [("reversal", "R1", "p", "")]
    # A later file has another line only.
    before = match([back], [paid, refund], known=NONE, now=NOW)
    assert found([], [refund], before=before) == []


@pytest.mark.parametrize(
    ("other", "missing"),
    [
        ({"amount": -60}, ["s"]),
        ({}, ["r", "s"]),
        ({"succeeded": False}, ["r"]),  # it may be the one
        ({"succeeded": False, "moved_nothing": True}, []),
        ({"is_written": True}, []),
    ],
)
def test_a_reversal_explains_the_one_refund_of_its_amount(other, missing):
    payments = [
        ours("p", 100, receipt="R1", at=NOW),
        ours("r", -40, refunds="p"),
        ours("s", **{"amount": -40, "refunds": "p"} | other),
    ]
    told = match([line(1, -40, kind="reversal")], payments, known=NONE, now=NOW)
    for each in (told, match([], payments, known=NONE, before=told, now=NOW)):
        gone = [one.payment.id for one in each if one.what == "missing_there" and one.payment]
        assert gone == missing


def test_a_refund_with_a_line_of_its_own_is_not_what_a_reversal_tells():
    payments = [
        ours("p", 100, receipt="R1", at=NOW),
        ours("r", -40, refunds="p"),
        ours("s", -40, refunds="p", receipt="R2"),
    ]
    told = found([line(1, -40, kind="reversal"), line(2, -40)], payments)
    assert told == [("reversal", "R1", "p", ""), ("matched", "R2", "s", "receipt")]


def test_a_reversal_with_a_receipt_of_its_own_is_no_refund_with_another():
    paid, refund = ours("p", 100, receipt="R0", at=NOW), ours("r", -40, refunds="p", receipt="R2")
    back = line(1, -40, kind="reversal", linked="R0")
    assert ("missing_there", "", "r", "") in found([back], [paid, refund])


def test_a_success_is_missing_there_after_a_day():
    payment = ours("p", 100)
    assert found([], [payment], now=at(12) + timedelta(days=1)) == []
    assert found([], [payment]) == [("missing_there", "", "p", "")]
    assert found([], [ours("p", 100, succeeded=False)]) == []


@pytest.mark.field(number=20)
def test_a_statement_with_everything_wrong_has_four_findings_and_books_nothing_twice():
    lines = [each for each in read_statement("daraja", DARAJA.encode()).lines if each.row != 8]
    (gap,) = gaps(lines)
    assert gap.missing == Decimal("1105.50")
    payments = [
        ours("lost-there", 700, receipt="SBR9999999"),
        ours("opening", 1000, receipt="SBR1000000"),
    ]
    first = match(lines, payments, known=NONE, now=NOW)
    named = [(each.what, each.line.receipt if each.line else "") for each in first]
    assert ("missing_here", "SBR41HAY6Q") in named
    assert ("missing_there", "") in named
    again = match(lines, payments, known=frozenset(each.key for each in lines), now=NOW)
    assert [each.what for each in again] == ["known"] * 3 + ["missing_there"]


def test_a_line_that_comes_twice_in_a_file_is_one():
    assert [each[0] for each in found([line(1, 5, receipt="A"), line(2, 5, receipt="A")], [])] == [
        "known",
        "missing_here",
    ]
