"""Lines that are missing show in the running balance."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hoardrun.payments.statements.chain import Gap, gaps
from hoardrun.payments.statements.parse import read_statement
from tests.hoardrun.payments.statements.support import AIRTEL, DARAJA, MTN, line


@pytest.mark.parametrize(
    ("provider", "text"), [("daraja", DARAJA), ("mtn", MTN), ("airtel", AIRTEL)]
)
def test_a_whole_statement_has_no_gap_whatever_its_order(provider, text):
    assert gaps(read_statement(provider, text.encode()).lines) == ()


def test_a_line_that_is_missing_is_named_with_what_it_moved():
    whole = [line(1, 100, 100), line(2, 50, 150), line(3, -30, 120), line(4, 5, 125)]
    assert gaps(whole) == ()
    assert gaps([whole[0], *whole[2:]]) == (Gap(3, Decimal(50)),)


def test_a_newest_line_on_top_is_as_good():
    file = [line(1, 5, 125), line(2, -30, 120), line(3, 50, 150), line(4, 100, 100)]
    assert gaps(file) == ()
    assert gaps([file[0], *file[2:]]) == (Gap(1, Decimal(-30)),)


def test_lines_without_a_balance_count_for_the_next_one():
    fee = line(2, -50, 14_950, kind="fee")
    assert gaps([line(1, 10_000, 10_000), line(2, 5_000), fee]) == ()
    assert gaps([]) == gaps([line(1, 5)]) == ()
