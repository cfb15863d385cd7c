"""A collected payment is given back in parts, and never more than came."""

from __future__ import annotations

from typing import Any

import pytest

from hoardrun.ledger.models import Account
from hoardrun.payments.errors import NothingToRefund
from hoardrun.payments.evidence import Claim
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.refunding import refund_create
from tests.hoardrun.ledger.journal.conftest import assert_books_agree
from tests.hoardrun.payments.carrying import ask, money, taken, tell, tell_paid, txn_of
from tests.hoardrun.payments.support import said


@pytest.fixture
def collected(ugx: Account) -> ProviderPayment:
    row = taken(ask(ugx))
    tell_paid(row, provider_txn_id="R-1")
    return row


def back(row: ProviderPayment, **more: Any) -> ProviderPayment:
    return refund_create(payment_id=row.pk, **more).payment


def test_a_refund_is_a_payment_that_goes_out(collected: ProviderPayment, ugx: Account):
    refund = back(collected)
    assert (refund.kind, refund.refunds, refund.amount) == ("refund", collected, 5000)
    assert (refund.msisdn, txn_of(refund).type) == (collected.msisdn, "refund")
    assert money(ugx) == (50_000, 55_000)
    tell_paid(taken(refund), provider_txn_id="R-2")
    assert money(ugx) == (50_000, 50_000)
    # That the first one was given back is known by then.
    tell(collected, said(Claim.REVERSED))
    assert (collected.state, money(ugx)) == ("succeeded", (50_000, 50_000))
    assert_books_agree(ugx)


def test_two_refunds_do_not_give_back_more_than_came(collected: ProviderPayment, ugx: Account):
    first = back(collected, amount="3000")
    with pytest.raises(NothingToRefund, match="UGX 2,000 can be given back"):
        back(collected, amount="2001")
    assert back(collected).amount == 2000
    with pytest.raises(NothingToRefund):
        back(collected)
    # What did not go back may go again.
    tell(taken(first), said(Claim.NOT_PAID, reason="funds"))
    assert back(collected).amount == 3000
    assert money(ugx) == (50_000, 55_000)


@pytest.mark.parametrize("amount", ["1000", "5000"])
def test_a_reversal_beside_a_refund_that_is_not_all_is_a_persons(
    collected: ProviderPayment, ugx: Account, amount: str
):
    refund = taken(back(collected, amount=amount))
    if amount == "1000":
        tell_paid(refund, provider_txn_id="R-2")
    before = money(ugx)
    tell(collected, said(Claim.REVERSED))
    assert (collected.state, collected.staff_reason) == ("succeeded", "contradiction")
    assert money(ugx) == before
    assert collected.steps.filter(claim="reversed").exists()


def test_a_refund_is_repeated_by_its_key(collected: ProviderPayment, ugx: Account):
    first = back(collected, idempotency_key="k")
    assert back(collected, idempotency_key="k") == first
    assert money(ugx) == (50_000, 55_000)


def test_only_what_was_collected_goes_back(ugx: Account):
    waiting = taken(ask(ugx))
    payout = taken(ask(ugx, "payout"))
    tell_paid(payout)
    for row in (waiting, payout):
        with pytest.raises(NothingToRefund):
            back(row)
