"""What a payment by a gateway does with transactions, whatever the account can bear."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hoardrun.ledger import actors
from hoardrun.ledger.by_gateway import Carried
from hoardrun.ledger.carried_services import (
    payment_reverse,
    payment_show,
    transaction_book,
    transaction_replace,
)
from hoardrun.ledger.errors import IllegalTransition, PaymentUnderWay
from hoardrun.ledger.models import Account, Transaction
from tests.hoardrun.ledger.conftest import balances, complete, create, move, published
from tests.hoardrun.ledger.journal.conftest import assert_books_agree, lines
from tests.hoardrun.payments.carrying import shown

MTN = actors.provider("mtn", "payment-step:1")
SHOWN = {"id": "1", "stage": "sent"}


def carried(key: str = "payment:1") -> Carried:
    return Carried("mtn", key, SHOWN)


def test_only_its_payment_moves_it_and_may_cancel_it_late(kes: Account):
    txn = create(kes, carried=carried())
    with pytest.raises(PaymentUnderWay):
        move(txn, "completed")
    move(txn, "processing", by=MTN, payment=SHOWN)
    move(txn, "cancelled", by=MTN, payment={**SHOWN, "stage": "cancelled"})
    assert balances(kes) == (1000, 1000)
    txn.refresh_from_db()
    assert shown(txn)["stage"] == "cancelled"
    # No payment moves this one: its provider cannot have cancelled it.
    other = move(create(kes), "processing")
    with pytest.raises(IllegalTransition):
        move(other, "cancelled")


def test_what_is_shown_is_published(kes: Account, alice):
    txn = create(kes, carried=carried())
    payment_show(txn.pk, {**SHOWN, "stage": "enter_pin"})
    told = published(alice, "transaction_update")
    assert len(told) == 2 and '"stage":"enter_pin"' in told[-1]
    payment_show(txn.pk, {"stage": "enter_pin", "id": "1"})
    assert len(published(alice, "transaction_update")) == 2  # it has not changed


def test_the_float_is_the_gateways(kes: Account):
    txn = create(kes, "10", "inbound", provider="mpesa", carried=Carried("pawapay", "payment:2"))
    move(txn, "completed", by=MTN, payment=SHOWN)
    move(txn, "reversed", by=MTN)
    book = f"customer #{kes.pk} KES"
    assert lines(txn=txn) == [
        ("settle", "float pawapay KES", book, 1000),
        ("reversal", book, "float pawapay KES", 1000),
    ]


def test_a_booking_happens_once_for_its_key(kes: Account):
    like = create(kes, "10", "inbound")
    book: dict[str, Any] = {"amount": Decimal("7.50"), "description": "Late", "by": MTN}
    first, lacking = transaction_book(like, carried=carried("late:1"), **book)
    again, _ = transaction_book(like, carried=carried("late:1"), **book)
    assert (first.pk, lacking) == (again.pk, 0)
    assert balances(kes) == (Decimal("1007.50"), Decimal("1007.50"))
    assert_books_agree(kes)


@pytest.mark.parametrize(("kind", "left"), [("kes", 0), ("credit", -300)])
def test_what_an_account_lacks_is_advanced_but_a_credit_line_exceeded(
    request: pytest.FixtureRequest, kind: str, left: int
):
    account: Account = request.getfixturevalue(kind)
    txn = complete(create(account, "300", "inbound"))
    complete(create(account, "1200"))
    if kind == "credit":
        complete(create(account, "100"))
    lacking = payment_reverse(txn.pk, carried=carried("reverse:1"), reason="Back", by=MTN)
    assert lacking == (200 if kind == "kes" else 0)
    assert balances(account)[0] == left
    owed = Transaction.objects.filter(own_key="advance:reverse:1")
    assert [one.against for one in owed] == (["receivable"] if kind == "kes" else [])
    assert_books_agree(account)


def test_another_amount_takes_the_place_of_what_was_held(kes: Account):
    txn = create(kes, "400", carried=carried())
    move(txn, "processing", by=MTN, payment=SHOWN)
    new, lacking = transaction_replace(
        txn.pk, amount=Decimal(500), carried=carried("accepted:1"), by=MTN
    )
    assert (lacking, balances(kes)) == (0, (500, 1000))
    move(new, "completed", by=MTN, payment=SHOWN)
    assert balances(kes) == (500, 500)
    txn.refresh_from_db()
    assert (txn.status, shown(txn)["stage"]) == ("cancelled", "cancelled")
    assert_books_agree(kes)
