"""Lines that name no payment, held against what looks like them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.hoardrun.payments.statements.support import PARTY, PHONE, at, found, line, ours


@pytest.mark.parametrize("minutes", [-1, 0, 10])
def test_amount_phone_and_time_together_are_likely(minutes):
    told = line(1, 100, at=at(12) + timedelta(minutes=minutes), **PARTY)
    assert found([told], [ours("p", 100, **PHONE)]) == [("matched", "R1", "p", "likeness")]


@pytest.mark.parametrize(
    ("told", "own"),
    [
        ({"at": at(12, 11)}, {}),
        ({"at": at(11, 58)}, {}),  # before it was asked for
        ({"party": "254712345679"}, {}),
        ({"party": "2547*****678"}, {}),
        ({}, {"msisdn": ""}),
        ({}, {"receipt": "R9"}),
        ({}, {"moved_nothing": True, "was_sent": False}),
    ],
)
def test_what_is_less_alike_is_not_matched(told, own):
    lines = [line(1, 100, **PARTY | told)]
    assert ("missing_here", "R1", "", "") in found(lines, [ours("p", 100, **PHONE | own)])
    assert ("missing_here", "R1", "", "") in found(
        [line(1, 99, **PARTY)], [ours("p", 100, **PHONE)]
    )


def test_likeness_counts_only_where_there_is_no_second_one():
    two_lines = [line(1, 100, **PARTY), line(2, 100, **PARTY)]
    payment = ours("p", 100, **PHONE)
    assert "likeness" not in {each[3] for each in found(two_lines, [payment])}
    twin = ours("q", 100, **PHONE)
    assert "likeness" not in {each[3] for each in found(two_lines[:1], [payment, twin])}


BILL = {"account": "INV1"}
MASKED = {"party": "2547*****678"}
BY_ACCOUNT = ("matched", "R1", "p", "account")


@pytest.mark.parametrize(
    "party", ["2547*****678", "07*****678 - JOHN DOE", "7*****678", "254712***678", ""]
)
def test_amount_account_and_time_together_are_likely(party):
    told = line(1, 100, at=at(12, 10), **BILL, party=party)
    expired = {"succeeded": False, "moved_nothing": True}  # it may have come late
    for state in ({}, expired):
        assert found([told], [ours("p", 100, **BILL, **PHONE, **state)]) == [BY_ACCOUNT]


def test_a_phone_that_is_not_masked_is_of_the_payment_or_of_somebody_else():
    plain = line(1, 100, **BILL, **PARTY)
    assert found([plain], [ours("p", 100, **BILL, **PHONE)])[0][3] == "likeness"
    other = ours("p", 100, **BILL, msisdn="+254712345679")
    assert ("missing_here", "R1", "", "") in found([plain], [other])


@pytest.mark.parametrize(
    ("told", "own"),
    [
        ({"at": at(12, 11)}, {}),
        ({"at": at(11, 58)}, {}),  # before it was asked for
        ({"account": "INV2"}, {}),
        ({"account": ""}, {"account": ""}),
        ({"account": "Payment"}, {"account": "Payment"}),  # what all have that have none
        ({"amount": 99}, {}),
        ({"party": "2547*****679"}, {}),
        ({"party": "2541*****678"}, {}),
        ({"party": "254712345***"}, {}),  # its end tells one from others
        ({"party": "John Doe"}, {}),
        ({}, {"msisdn": ""}),
        ({}, {"receipt": "R9"}),
        ({}, {"moved_nothing": True, "was_sent": False}),
    ],
)
def test_what_is_of_less_than_account_amount_and_time_is_not_matched(told, own):
    lines = [line(1, **{"amount": 100} | BILL | MASKED | told)]
    payment = ours("p", 100, **BILL | PHONE | own)
    assert ("missing_here", "R1", "", "") in found(lines, [payment])


def test_an_account_counts_only_where_there_is_no_second_one():
    lines = [line(number, 100, **BILL, **MASKED) for number in (1, 2)]
    payments = [ours(name, 100, **BILL, **PHONE) for name in "pq"]
    for some, others in ((lines, payments[:1]), (lines[:1], payments)):
        assert "account" not in {each[3] for each in found(some, others)}


def test_one_that_was_asked_for_long_before_may_be_paid_late():
    told = line(1, 100, at=at(12, 2), **BILL, **MASKED)
    own = ours("p", 100, **BILL, **PHONE)
    expired = {"succeeded": False, "moved_nothing": True}
    for other, is_told in (
        ({}, False),
        ({"was_sent": False}, True),
        ({"msisdn": "+254712345000"}, True),
        ({"at": at(12, 4)}, True),  # after the money
    ):
        old = ours("q", 100, **{"at": at(3)} | BILL | PHONE | expired | other)
        assert (BY_ACCOUNT in found([told], [old, own])) is is_told


def test_money_of_one_is_not_for_another_who_asked_for_as_much():
    """The first customer pays by the menu, while the other lets the prompt run out."""
    expired = {"succeeded": False, "moved_nothing": True, **BILL}
    payments = [
        ours("a", 500, **PHONE, **expired),
        ours("b", 500, at=at(12, 10), msisdn="+254799999123", **expired),
    ]
    for party in (MASKED["party"], ""):
        told = line(1, 500, at=at(12, 15), account="INV1", party=party)
        assert found([told], payments) == [("missing_here", "R1", "", "")]


def test_without_a_phone_an_account_is_that_of_one_payment_alone():
    told = line(1, 100, **BILL)
    own = ours("p", 100, **BILL)
    paid = {"receipt": "R9", "at": at(12, 30)}
    assert BY_ACCOUNT not in found([told], [own, ours("q", 40, **BILL, **paid)])
    # Its refund has it, too.
    assert BY_ACCOUNT in found([told], [own, ours("q", -40, refunds="p", **BILL, **paid)])
