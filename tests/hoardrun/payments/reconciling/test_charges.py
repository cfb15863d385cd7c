"""The charge of a provider is booked once, from the float against the book of fees."""

from __future__ import annotations

from datetime import date

import pytest

from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.models import Account
from hoardrun.payments.tariffs.models import ProviderFee
from tests.hoardrun.ledger.journal.conftest import assert_books_agree
from tests.hoardrun.payments.reconciling.support import collect, load, paid, row
from tests.hoardrun.payments.reconciling.test_suspense import FLOAT, moved

FEES = "fees UGX"


def charged(receipt: str, amount: int, fee: int, reference: str = "x") -> str:
    """Write a line whose fee stands in a column of its own."""
    return row(receipt, amount, 0, reference).replace(f",{amount},0,", f",{amount},{fee},")


@pytest.fixture
def tariff(db: None) -> ProviderFee:
    return ProviderFee.objects.create(
        provider="mtn",
        kind="collect",
        currency="UGX",
        valid_from=date(2020, 1, 1),
        least=1,
        most=10_000,
        fixed=100,
    )


def test_the_tariff_is_booked_when_a_payment_is_paid(ugx: Account, tariff: ProviderFee):
    waiting = collect(ugx, "5000")
    assert moved() == []
    payment = paid(waiting, "R1")
    assert moved() == [(FEES, FLOAT, 100)]
    assert Posting.objects.get(source=f"charge:{payment.pk}").txn_id == payment.txn_id
    ugx.refresh_from_db()
    assert ugx.current_balance == 5000  # we pay it
    assert_books_agree(ugx)


@pytest.mark.parametrize("taken", [100, 130, 60, 0])
def test_a_statement_corrects_what_the_tariff_said(ugx: Account, tariff: ProviderFee, taken: int):
    paid(collect(ugx, "5000"), "R1")
    for _ in range(2):
        load(charged("R1", 5000, taken))
    beyond = {130: [(FEES, FLOAT, 30)], 60: [(FLOAT, FEES, 40)]}
    assert moved() == [(FEES, FLOAT, 100), *beyond.get(taken, [])]
    assert_books_agree(ugx)


def test_a_charge_that_comes_back_is_booked_whole(ugx: Account, tariff: ProviderFee):
    paid(collect(ugx, "5000"), "R1")
    back = row("R1", 7, 0, minute=2).replace("Payment", "Charge payment")
    load(charged("R1", 5000, 100), back)
    assert moved() == [(FEES, FLOAT, 100), (FLOAT, FEES, 7)]


def test_a_file_may_have_the_charge_and_say_that_it_was_paid(ugx: Account, tariff: ProviderFee):
    payment = collect(ugx, "5000")
    load(charged("R1", 5000, 130, str(payment.pk)))
    payment.refresh_from_db()
    assert payment.state == "succeeded"
    assert moved() == [(FEES, FLOAT, 130)]
    assert_books_agree(ugx)


def test_a_charge_whose_payment_was_not_known_is_booked_once(ugx: Account, tariff: ProviderFee):
    load(charged("R1", 5000, 130))
    paid(collect(ugx, "5000"), "R1")
    assert (FEES, FLOAT, 130) in moved() and (FEES, FLOAT, 100) not in moved()
    assert_books_agree(ugx)


def test_a_charge_without_a_payment_of_ours_is_booked(ugx: Account):
    load(row("R8", -250, 0).replace("Transfer", "Transfer fee"))
    assert moved() == [(FEES, FLOAT, 250)]
    assert_books_agree(ugx)


@pytest.mark.parametrize("taken", [100, 130])
def test_a_charge_is_booked_once_though_its_receipt_comes_last(
    ugx: Account, tariff: ProviderFee, taken: int
):
    """The answer to a question may have none, and the line's party may be masked."""
    payment = paid(collect(ugx, "5000"), "")
    fee = row("R1", -taken, 0).replace("Transfer", "Transfer fee")
    load(fee)
    assert moved() == [(FEES, FLOAT, 100), (FEES, FLOAT, taken)]
    paid(payment, "R1")
    for _ in range(2):
        load(fee)
    assert moved() == [(FEES, FLOAT, 100), (FEES, FLOAT, taken), (FLOAT, FEES, 100)]
    assert_books_agree(ugx)
