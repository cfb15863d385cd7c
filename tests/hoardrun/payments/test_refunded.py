"""The refunds of a payment are summed by what they did with the money."""

from __future__ import annotations

import pytest
from django.test import Client

from hoardrun.ledger.models import Account
from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.refunded import is_refunded_by, refund_like, refunds_of
from hoardrun.payments.refunding import refund_create
from tests.hoardrun.payments.carrying import ask, taken, tell, tell_paid
from tests.hoardrun.payments.support import said


@pytest.fixture
def collected(ugx: Account) -> ProviderPayment:
    row = taken(ask(ugx))
    tell_paid(row, provider_txn_id="R-0")
    return row


def back(row: ProviderPayment, amount: int) -> ProviderPayment:
    return taken(refund_create(payment_id=row.pk, amount=amount).payment)


def test_what_was_paid_and_what_may_still_be(collected: ProviderPayment):
    failed, done, _, late, returned = [back(collected, amount) for amount in (1, 20, 300, 400, 500)]
    tell(failed, said(Claim.NOT_PAID))
    tell_paid(done, provider_txn_id="R-1")
    tell(late, said(Claim.NOT_PAID, Source.STATEMENT))
    tell_paid(late, provider_txn_id="R-2")
    tell_paid(returned, provider_txn_id="R-3")
    tell(returned, said(Claim.REVERSED))
    assert refunds_of(collected) == (420, 300)


def test_a_reversal_in_a_statement_is_the_one_refund_like_it(collected: ProviderPayment):
    def found(minor: int = 1000, receipt: str = "S-1") -> ProviderPayment | None:
        return refund_like(collected, minor, receipt)

    assert found() is None
    failed, first = back(collected, 1000), back(collected, 1000)
    tell(failed, said(Claim.NOT_PAID))
    assert found() == first and found(minor=999) is None
    second = back(collected, 1000)
    assert found() is None  # it may be either
    tell_paid(second, provider_txn_id="S-2")
    assert found() == first
    tell_paid(first, provider_txn_id="S-1")
    assert found() == first and found(receipt="S-3") is None
    # The payment's own receipt says nothing of the refund.
    assert found(receipt="R-0") is None


def test_a_refund_that_was_paid_may_be_any_reversal_with_the_receipt_of_its_payment(
    collected: ProviderPayment,
):
    refund = back(collected, 1000)
    assert not is_refunded_by(collected, 1000, "R-0")
    tell_paid(refund, provider_txn_id="S-1")
    assert is_refunded_by(collected, 1000, "R-0") and not is_refunded_by(collected, 999, "R-0")
    assert is_refunded_by(collected, 1000, "S-1") and not is_refunded_by(collected, 1000, "S-2")


def test_the_admin_offers_to_reverse_what_no_refund_gives_back(
    collected: ProviderPayment, support: Client
):
    def page() -> str:
        found = support.get(f"/admin/ledger/transaction/{collected.txn_id}/change/")
        return str(found.content.decode())

    assert 'name="to" value="reversed"' in page()
    refund = back(collected, 2000)
    for end in ("waits", "paid", "came back"):
        if end == "paid":
            tell_paid(refund, provider_txn_id="R-1")
        elif end == "came back":
            tell(refund, said(Claim.REVERSED))
        shown = page()
        is_offered = end == "came back"
        assert ('name="to" value="reversed"' in shown) == is_offered, end
        assert ("A refund of UGX 2,000 has given this back, or may still." in shown) != is_offered
