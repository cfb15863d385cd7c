"""Payments by many threads at once, on whichever database the tests run."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connections, transaction

from hoardrun.ledger import actors
from hoardrun.ledger.errors import InsufficientFunds
from hoardrun.ledger.models import Account
from hoardrun.ledger.services import transaction_move
from hoardrun.payments.creating import Created, payment_create
from hoardrun.payments.errors import GivenBack, NothingToRefund
from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.refunding import refund_create
from hoardrun.payments.services import evidence_apply
from realtime.meters import meters
from tests.hoardrun.ledger.journal.conftest import assert_books_agree, lines
from tests.hoardrun.payments.carrying import PHONE, ask, money, taken, tell, tell_paid
from tests.hoardrun.payments.support import paid, said
from tests.hoardrun.tools import at_once
from tests.services.locks import threads, wait_for_a_waiter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.field(number=18)
def test_18_of_two_payouts_at_once_one_is_refused(ugx: Account):
    def send(number: int) -> Created:
        return payment_create(
            account_id=ugx.pk, provider="mtn", kind="payout", amount="30000", msisdn=PHONE
        )

    outcomes = at_once(2, send)
    [refused] = [one for one in outcomes if isinstance(one, InsufficientFunds)]
    [made] = [one for one in outcomes if isinstance(one, Created)]
    assert refused.extra["available"] == "20000"
    assert money(ugx) == (20_000, 50_000)
    for _ in range(2):
        tell(taken(made.payment), said(Claim.NOT_PAID, reason="cancelled"))
    assert money(ugx) == (50_000, 50_000)
    assert_books_agree(ugx)


@pytest.mark.field(number=10)
def test_10_callback_and_look_complete_a_payment_once(ugx: Account):
    row = taken(ask(ugx))
    before = meters.retries["deadlock"]

    def say(number: int) -> object:
        source = Source.SIGNED_CALLBACK if number % 2 else Source.QUERY
        return evidence_apply(row.pk, paid(source), confirm_callbacks=False)

    outcomes = at_once(8, say)
    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert sum(len(one.effects) for one in outcomes) == 1
    assert money(ugx) == (55_000, 55_000)
    assert len(lines(txn=row.txn)) == 1
    assert meters.retries["deadlock"] == before


@pytest.mark.parametrize("amount", [5_000, 30_000])
def test_one_key_at_once_makes_one_payment(ugx: Account, amount: int):
    """Also where the balance covers only one."""
    made = at_once(4, lambda number: ask(ugx, "payout", amount=str(amount), idempotency_key="k"))
    assert len({row.pk for row in made}) == 1
    assert ProviderPayment.objects.count() == 1
    assert money(ugx) == (50_000 - amount, 50_000)


def test_one_receipt_at_once_is_booked_for_one_payment(ugx: Account):
    rows = [taken(ask(ugx)) for _ in range(3)]
    at_once(3, lambda number: evidence_apply(rows[number].pk, paid()))
    connections.close_all()
    states = sorted(ProviderPayment.objects.values_list("state", flat=True))
    assert states == ["held", "held", "succeeded"]
    assert money(ugx) == (55_000, 55_000)


@pytest.mark.parametrize("refunds_first", [False, True])
def test_money_goes_back_by_a_refund_or_a_reversal_and_never_by_both(
    ugx: Account, alice: User, refunds_first: bool
):
    """The second one waits for the account, and sees then what the first one did."""
    row = taken(ask(ugx))
    tell_paid(row)

    def refund() -> object:
        return refund_create(payment_id=row.pk)

    def reverse() -> object:
        return transaction_move(txn_id=row.txn_id, to="reversed", by=actors.staff(alice.pk))

    first, second = (refund, reverse) if refunds_first else (reverse, refund)
    with threads(1) as begin:
        with transaction.atomic():
            first()
            other = begin(second)
            wait_for_a_waiter("the second one waits for the account")
        with pytest.raises(GivenBack if refunds_first else NothingToRefund):
            other.result(timeout=30)
    assert money(ugx) == (50_000, 55_000 if refunds_first else 50_000)
    assert_books_agree(ugx)
