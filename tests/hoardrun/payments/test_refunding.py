"""A collected payment is given back in parts, and never more than came."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.ledger import actors
from hoardrun.ledger.errors import IdempotencyConflict
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import transaction_move
from hoardrun.payments.errors import GivenBack, NothingToRefund, ProviderShort, ReceiptUnknown
from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.models import ProviderBalance, ProviderPayment
from hoardrun.payments.refunding import refund_create
from realtime import clock
from realtime.errors import InvalidInput
from tests.hoardrun.ledger.journal.conftest import assert_books_agree
from tests.hoardrun.payments.carrying import ask, money, taken, tell, tell_paid, txn_of
from tests.hoardrun.payments.support import paid, said


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
    first = back(collected, amount="3000", own_key="k")
    assert back(collected, amount="3000", own_key="k") == first
    assert back(collected, own_key="k") == first
    with pytest.raises(IdempotencyConflict):
        back(collected, amount="2000", own_key="k")
    assert money(ugx) == (52_000, 55_000)


def test_no_key_of_the_customer_is_one_of_ours(collected: ProviderPayment, ugx: Account):
    theirs = ask(ugx, "payout", amount="1000", idempotency_key="k")
    ours = back(collected, amount="1000", own_key="k")
    assert ours != theirs
    assert ask(ugx, "payout", amount="1000", idempotency_key="k") == theirs


def test_only_what_was_collected_goes_back(ugx: Account):
    waiting = taken(ask(ugx))
    payout = taken(ask(ugx, "payout"))
    tell_paid(payout)
    for row in (waiting, payout):
        with pytest.raises(NothingToRefund):
            back(row)


def failed_but_paid_late(refund: ProviderPayment) -> None:
    """Let a refund fail by its answer, and be paid by a surer one."""
    tell(taken(refund), said(Claim.NOT_PAID, Source.STATEMENT, reason="provider"))
    tell_paid(refund, provider_txn_id="R-2")
    assert (refund.state, refund.booked_late) == ("failed", True)


def test_a_refund_that_was_paid_late_counts(collected: ProviderPayment, ugx: Account):
    failed_but_paid_late(back(collected, amount="3000"))
    with pytest.raises(NothingToRefund, match="UGX 2,000 can"):
        back(collected, amount="3000")
    tell_paid(taken(back(collected)), provider_txn_id="R-3")
    assert money(ugx) == (50_000, 50_000)
    # All of it went back by refunds, so that is no reversal.
    tell(collected, said(Claim.REVERSED))
    assert (collected.state, collected.staff_since, money(ugx)) == (
        "succeeded",
        None,
        (50_000, 50_000),
    )
    assert_books_agree(ugx)


def test_a_refund_that_came_back_may_go_again(collected: ProviderPayment, ugx: Account):
    refund = taken(back(collected))
    tell_paid(refund, provider_txn_id="R-2")
    tell(refund, said(Claim.REVERSED))
    assert money(ugx) == (55_000, 55_000)
    assert back(collected).amount == 5000
    assert money(ugx) == (50_000, 55_000)


def test_money_that_came_late_goes_back(ugx: Account):
    row = taken(ask(ugx))
    tell(row, said(Claim.NOT_PAID, reason="expired"))
    tell_paid(row, provider_txn_id="R-1")
    assert (row.state, row.booked_late) == ("expired", True)
    tell_paid(taken(back(row)), provider_txn_id="R-2")
    with pytest.raises(NothingToRefund):
        back(row)
    assert money(ugx) == (50_000, 50_000)
    assert_books_agree(ugx)


@pytest.mark.parametrize("is_late", [False, True])
def test_what_the_ledger_has_reversed_is_not_given_back_too(
    ugx: Account, alice: User, is_late: bool
):
    row = taken(ask(ugx))
    if is_late:
        tell(row, said(Claim.NOT_PAID, reason="expired"))
    tell_paid(row)
    booked = row.late_txn or row.txn
    transaction_move(txn_id=booked.pk, to="reversed", by=actors.staff(alice.pk))
    with pytest.raises(NothingToRefund):
        back(row)
    assert money(ugx) == (50_000, 50_000)


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("end", ["waits", "paid", "failed"])
def test_what_a_refund_gives_back_is_not_reversed_in_the_ledger_too(
    ugx: Account, alice: User, is_late: bool, end: str
):
    row = taken(ask(ugx))
    if is_late:
        tell(row, said(Claim.NOT_PAID, reason="expired"))
    tell_paid(row, provider_txn_id="R-1")
    refund = taken(back(row, amount="2000"))
    if end == "paid":
        tell_paid(refund, provider_txn_id="R-2")
    elif end == "failed":
        tell(refund, said(Claim.NOT_PAID, reason="funds"))
    booked = row.late_txn or row.txn

    def reverse() -> None:
        transaction_move(txn_id=booked.pk, to="reversed", by=actors.staff(alice.pk))

    if end == "failed":
        reverse()
        assert money(ugx) == (50_000, 50_000)
    else:
        before = money(ugx)
        with pytest.raises(GivenBack, match="UGX 2,000"):
            reverse()
        assert money(ugx) == before
    assert_books_agree(ugx)


@pytest.mark.parametrize(
    ("provider", "phone"), [("airtel", "+256701234567"), ("daraja", "+254712345678")]
)
def test_where_parts_cannot_go_back_they_are_refused_before_anything_is_written(
    ugx: Account, kes: Account, provider: str, phone: str
):
    account, amount = (ugx, "5000") if provider == "airtel" else (kes, "500")
    row = taken(ask(account, provider=provider, msisdn=phone, amount=amount))
    tell_paid(row, provider_txn_id="R-1")
    before = (ProviderPayment.objects.count(), Transaction.objects.count(), money(account))
    with pytest.raises(InvalidInput) as refused:
        back(row, amount="499")
    assert "gives back all of a payment" in str(refused.value)
    assert before == (
        ProviderPayment.objects.count(),
        Transaction.objects.count(),
        money(account),
    )
    assert back(row).amount == row.amount


def test_without_a_receipt_a_reversal_is_not_sent(kes: Account):
    row = taken(ask(kes, provider="daraja", msisdn="+254712345678", amount="500"))
    tell(row, paid(amount=row.amount, currency="KES", provider_txn_id=""))
    assert row.state == "succeeded"
    with pytest.raises(ReceiptUnknown):
        back(row)
    assert not ProviderPayment.objects.filter(refunds=row).exists()


def test_our_account_must_cover_a_refund(collected: ProviderPayment, ugx: Account):
    ProviderBalance.objects.create(
        provider="mtn", kind="payout", currency="UGX", minor=4999, told_at=clock.now()
    )
    with pytest.raises(ProviderShort):
        back(collected)
    assert money(ugx) == (55_000, 55_000)
    assert back(collected, amount="4999").amount == 4999


def test_a_refund_that_may_have_gone_after_all_counts_until_that_is_known(
    collected: ProviderPayment, ugx: Account
):
    refund = taken(back(collected))
    tell(refund, said(Claim.NOT_PAID, reason="funds"))
    tell(refund, paid(Source.CALLBACK))
    assert (refund.state, refund.next_check_at is None) == ("failed", False)
    with pytest.raises(NothingToRefund):
        back(collected)
    tell(refund, said(Claim.NOT_PAID, reason="funds"))
    assert refund.next_check_at is None
    assert back(collected).amount == 5000


def test_a_refund_that_staff_have_counts(collected: ProviderPayment):
    refund = taken(back(collected))
    tell(refund, said(Claim.NOT_PAID, reason="funds"))
    tell_paid(refund, provider_txn_id="R-2")
    assert (refund.state, refund.staff_reason) == ("failed", "contradiction")
    with pytest.raises(NothingToRefund):
        back(collected)
