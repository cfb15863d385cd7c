"""Files of providers, read into lines."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hoardrun.payments.statements.parse import Fault, NoStatement, read_statement
from tests.hoardrun.payments.statements.support import AIRTEL, DARAJA, MTN, at


def read(provider: str, text: str):
    return read_statement(provider, text.encode())


def test_a_statement_of_m_pesa_is_read():
    found = read("daraja", DARAJA)
    assert found.faults == ()
    assert [(each.receipt, each.kind, each.amount, each.balance) for each in found.lines] == [
        ("SBR41HAY6Q", "payment", Decimal("-500.00"), Decimal("1600.00")),
        ("SBR3A0R69N", "fee", Decimal("-5.50"), Decimal("2100.00")),
        ("SBR3A0R69N", "payment", Decimal("1105.50"), Decimal("2105.50")),
        ("SBR1000000", "payment", Decimal("1000.00"), Decimal("1000.00")),
    ]
    first = found.lines[0]
    assert (first.at, first.row, first.currency) == (at(12, 40), 6, "KES")
    assert first.party == "254722000111 - Jane Doe"
    assert [each.account for each in found.lines] == ["", "", "INV1", ""]


def test_a_completed_row_without_a_receipt_is_for_a_person():
    found = read("daraja", DARAJA.replace("SBR1000000", ""))
    assert (len(found.lines), found.faults) == (3, (Fault(10, "receipt"),))


def test_a_fee_in_a_column_is_a_line_of_its_own():
    found = read("mtn", MTN)
    assert [(each.receipt, each.kind, each.amount, each.balance) for each in found.lines] == [
        ("1432942836", "payment", Decimal(5000), None),
        ("1432942836", "fee", Decimal(-50), Decimal(14950)),
        ("1432942838", "payment", Decimal(-1000), Decimal(13950)),
    ]
    assert (found.lines[0].details, found.lines[0].at) == ("fare-8842", at(9))


def test_a_statement_of_airtel_is_read():
    found = read("airtel", AIRTEL)
    assert [(each.kind, each.amount, each.balance) for each in found.lines] == [
        ("payment", Decimal(5000), None),
        ("fee", Decimal(-140), Decimal(9860)),
        ("reversal", Decimal(-5000), Decimal(4860)),
    ]


def test_a_file_may_begin_with_a_mark_and_end_its_lines_as_windows_does():
    text = "\ufeff" + MTN.replace("\n", "\r\n")
    assert read("mtn", text).lines == read("mtn", MTN).lines


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("1,105.50", "1.105,50", "paid_in"),
        ("-500.00", "five", "withdrawn"),
        ("1,600.00", "1e3", "balance"),
        ("2026-03-02 12:40:00", "yesterday", "at"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_the_rest_is_read(old, new, column):
    found = read("daraja", DARAJA.replace(old, new, 1))
    (fault,) = found.faults
    assert fault.column == column
    assert len(found.lines) == 3


def test_a_direction_that_nobody_knows_is_not_guessed():
    found = read("mtn", MTN.replace("Transfer", "Odd"))
    assert found.faults == (Fault(4, "direction"),)


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"a,b\n1,2\n", b'"open', MTN.encode()])
def test_what_is_no_statement_of_the_provider_is_refused(raw):
    with pytest.raises(NoStatement):
        read_statement("daraja", raw)


def test_a_file_has_32_mib_at_most():
    with pytest.raises(NoStatement, match="32 MiB"):
        read_statement("daraja", b" " * (32 * 1024 * 1024 + 1))
