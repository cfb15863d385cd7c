"""Large payouts and refunds are kept until two members of staff have accepted them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.ledger.errors import OwnAccount
from hoardrun.ledger.models import Account
from hoardrun.payments.calling import claims
from hoardrun.payments.errors import NothingToDecide
from hoardrun.payments.evidence import Claim
from hoardrun.payments.models import ProviderPayment, StaffDecision
from hoardrun.payments.queue.tracing import payment_why
from hoardrun.payments.refunding import refund_create
from hoardrun.payments.staff import decision_ask, decision_decide
from realtime.errors import SecondPerson
from tests.hoardrun.ledger.journal.conftest import assert_books_agree
from tests.hoardrun.payments.carrying import (
    ask,
    money,
    shown,
    states,
    taken,
    tell,
    tell_paid,
    txn_of,
    wait,
)
from tests.hoardrun.payments.support import paid, said
from tests.stored import just_over


@pytest.fixture(autouse=True)
def _above(_providers: None, settings: Any) -> None:
    above = (("UGX", 5000),)
    settings.PAYMENTS = {**settings.PAYMENTS, "PAYMENTS_APPROVE_ABOVE": above}


@pytest.fixture
def dora(db: None) -> User:
    return User.objects.create_user("dora", is_staff=True)


@pytest.fixture
def erin(db: None) -> User:
    return User.objects.create_user("erin", is_staff=True)


def asked(row: ProviderPayment, action: str, by: User) -> StaffDecision:
    return decision_ask(payment_id=row.pk, action=action, why="They rang.", staff_id=by.pk)


def decided(row: ProviderPayment, action: str, dora: User, erin: User) -> None:
    made = decision_decide(decision_id=asked(row, action, dora).pk, staff_id=erin.pk, approve=True)
    assert (made.state, made.asked_by, made.decided_by) == ("done", dora, erin)
    row.refresh_from_db()


def test_what_is_above_waits_with_its_money_held(ugx: Account):
    row = ask(ugx, "payout", amount="5001")
    assert (row.state, row.staff_reason, row.next_check_at) == ("created", "approval", None)
    assert row.staff_since is not None
    assert (shown(txn_of(row))["stage"], money(ugx)) == ("under_review", (44_999, 50_000))
    wait(row, minutes=10)
    assert (claims.claim("mtn", 10), claims.give_up("mtn")) == ([], [])


def collected(ugx: Account) -> ProviderPayment:
    """Let 9,000 UGX come in."""
    row = taken(ask(ugx, amount="9000"))
    tell_paid(row, provider_txn_id="R-1")
    return row


def back(row: ProviderPayment, amount: str | None = None, **more: Any) -> ProviderPayment:
    return refund_create(payment_id=row.pk, amount=amount, **more).payment


def test_a_large_refund_waits_for_two(ugx: Account, bob: User, dora: User, erin: User):
    came = collected(ugx)
    refund = back(came, own_key="k")
    assert (refund.staff_reason, refund.next_check_at) == ("approval", None)
    assert (shown(txn_of(refund))["stage"], money(ugx)) == ("under_review", (50_000, 59_000))
    wait(refund, minutes=10)
    assert (claims.claim("mtn", 10), claims.give_up("mtn")) == ([], [])
    assert back(came, own_key="k") == refund
    request = asked(refund, "send", dora)
    for person, refusal in ((dora, SecondPerson), (bob, OwnAccount)):
        with pytest.raises(refusal):
            decision_decide(decision_id=request.pk, staff_id=person.pk, approve=True)
    decision_decide(decision_id=request.pk, staff_id=erin.pk, approve=True)
    [claimed] = claims.claim("mtn", 10)
    assert (claimed.order.id, claimed.is_first) == (str(refund.pk), True)
    tell_paid(taken(refund), provider_txn_id="R-2")
    assert (refund.state, money(ugx)) == ("succeeded", (50_000, 50_000))
    assert_books_agree(ugx)


def test_a_large_refund_that_is_rejected_may_be_asked_for_again(
    ugx: Account, dora: User, erin: User
):
    paid = collected(ugx)
    refund = back(paid)
    decided(refund, "reject", dora, erin)
    assert (refund.state, money(ugx)) == ("failed", (59_000, 59_000))
    assert back(paid).amount == 9000


def refused(row: ProviderPayment, dora: User, why: str) -> None:
    """Assert that nobody can have a refund sent, and that it is not sent."""
    assert payment_why(row.pk).actions == ("reject",)
    with pytest.raises(NothingToDecide, match=why):
        asked(row, "send", dora)
    row.refresh_from_db()
    assert (row.staff_reason, row.next_check_at, claims.claim("mtn", 10)) == ("approval", None, [])


def test_what_the_provider_gave_back_meanwhile_is_not_given_back_twice(
    ugx: Account, dora: User, erin: User
):
    came = collected(ugx)
    refund = back(came)
    assert payment_why(refund.pk).actions == ("reject", "send")
    request = asked(refund, "send", dora)
    tell(came, said(Claim.REVERSED))  # by its portal
    assert came.staff_reason == "contradiction"
    with pytest.raises(NothingToDecide, match="waits for staff: decide on that one"):
        decision_decide(decision_id=request.pk, staff_id=erin.pk, approve=True)
    decision_decide(decision_id=request.pk, staff_id=erin.pk, approve=False)
    refused(refund, dora, "waits for staff: decide on that one")
    decided(refund, "reject", dora, erin)
    tell(came, said(Claim.REVERSED))
    assert (refund.state, came.state, money(ugx)) == ("failed", "reversed", (50_000, 50_000))
    assert_books_agree(ugx)


def test_a_refund_goes_once_its_payment_was_decided_on(ugx: Account, dora: User, erin: User):
    came = collected(ugx)
    refund = back(came)
    tell(came, said(Claim.REVERSED))
    decided(came, "reject", dora, erin)  # the portal shows no reversal
    assert (came.state, came.staff_since) == ("succeeded", None)
    decided(refund, "send", dora, erin)
    assert [one.order.id for one in claims.claim("mtn", 10)] == [str(refund.pk)]


def test_nothing_goes_back_of_what_is_no_longer_paid(ugx: Account, dora: User):
    came = collected(ugx)
    refund = back(came)
    ProviderPayment.objects.filter(pk=came.pk).update(state="reversed")
    refused(refund, dora, "no longer paid: reject this refund")


def test_many_small_refunds_are_one_large_one(ugx: Account):
    paid = collected(ugx)
    first, second, third = (back(paid, amount) for amount in ("3000", "2000", "1"))
    assert [each.staff_reason for each in (first, second, third)] == ["", "", "approval"]
    tell(taken(first), said(Claim.NOT_PAID, reason="funds"))
    assert back(paid, "2999").staff_reason == ""  # what failed gives nothing back


def test_what_two_have_decided_to_give_back_waits_for_nobody(ugx: Account, dora: User, erin: User):
    row = taken(ask(ugx, amount="9000"))
    tell(row, paid(amount=Decimal(8000)))
    decided(row, "refund", dora, erin)
    refund = row.refunded_by.get()
    assert (refund.minor, refund.staff_reason) == (9000, "")
    assert [one.order.id for one in claims.claim("mtn", 10)] == [str(refund.pk)]


@pytest.mark.parametrize(("kind", "amount"), [("payout", "5000"), ("collect", "9000")])
def test_what_is_not_above_goes_at_once(ugx: Account, kind: str, amount: str):
    row = ask(ugx, kind, amount=amount)
    assert (row.staff_reason, len(claims.claim("mtn", 10))) == ("", 1)


def test_no_amount_of_another_currency_is_above(kes: Account):
    row = ask(kes, "payout", provider="daraja", msisdn="+254712345678", amount="900")
    assert row.next_check_at is not None


def test_two_accept_it_and_it_is_sent(ugx: Account, dora: User, erin: User):
    row = ask(ugx, "payout", amount="9000")
    wait(row, minutes=10)
    decided(row, "send", dora, erin)
    assert (row.staff_since, row.staff_reason, row.state) == (None, "", "created")
    assert shown(txn_of(row))["stage"] == "starting"
    step = row.steps.get()
    assert (step.rule, step.source, step.user, step.note) == ("staff", "staff", erin, "They rang.")
    [claimed] = claims.claim("mtn", 10)
    assert (claimed.order.id, claimed.is_first) == (str(row.pk), True)
    tell_paid(taken(row))
    assert (row.state, money(ugx)) == ("succeeded", (41_000, 41_000))
    assert_books_agree(ugx)


def test_one_person_alone_sends_nothing(ugx: Account, bob: User, dora: User, erin: User):
    row = ask(ugx, "payout", amount="9000")
    with pytest.raises(OwnAccount):
        asked(row, "send", bob)
    request = asked(row, "send", dora)
    for person, refusal in ((dora, SecondPerson), (bob, OwnAccount)):
        with pytest.raises(refusal):
            decision_decide(decision_id=request.pk, staff_id=person.pk, approve=True)
    decision_decide(decision_id=request.pk, staff_id=erin.pk, approve=False)
    row.refresh_from_db()
    assert (row.staff_reason, row.next_check_at) == ("approval", None)


def test_what_is_rejected_is_never_sent(ugx: Account, dora: User, erin: User):
    row = ask(ugx, "payout", amount="9000")
    decided(row, "reject", dora, erin)
    assert (row.reason_code, states(row)) == ("rejected", ["created", "failed"])
    assert (txn_of(row).status, money(ugx)) == ("failed", (50_000, 50_000))
    assert (row.next_check_at, claims.claim("mtn", 10)) == (None, [])


@pytest.mark.parametrize("action", ["accept", "refund"])
def test_nothing_of_it_has_come_yet(ugx: Account, dora: User, action: str):
    row = ask(ugx, "payout", amount="9000")
    with pytest.raises(NothingToDecide, match="has not been sent"):
        asked(row, action, dora)


def test_what_was_sent_is_not_sent_again(ugx: Account, dora: User, erin: User):
    row = ask(ugx, "payout", amount="9000")
    decided(row, "send", dora, erin)
    with pytest.raises(NothingToDecide):
        asked(row, "send", dora)


def test_what_is_held_for_another_reason_is_not_sent(ugx: Account, dora: User):
    row = taken(ask(ugx, "payout"))
    tell(row, paid(amount=Decimal(4500)))
    assert row.state == "held"
    with pytest.raises(NothingToDecide, match="does not wait to be sent"):
        asked(row, "send", dora)


def test_its_time_begins_when_it_is_approved(ugx: Account, dora: User, erin: User):
    row = ask(ugx, "payout", amount="9000")
    wait(row, minutes=10)
    decided(row, "send", dora, erin)
    assert claims.give_up("mtn") == []
    wait(row, minutes=3)
    assert claims.give_up("mtn") == [str(row.pk)]


def test_whatever_makes_it_due_it_is_not_sent_before(ugx: Account):
    row = ask(ugx, "payout", amount="5001")
    ProviderPayment.objects.filter(pk=row.pk).update(next_check_at=just_over())
    assert claims.claim("mtn", 10) == []
