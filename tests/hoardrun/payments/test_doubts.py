"""Nobody gives back, or tries again, a payment whose end is in doubt."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F

from hoardrun.ledger.actors import UNNAMED
from hoardrun.ledger.models import Account
from hoardrun.payments.calling import claims
from hoardrun.payments.doubts import is_doubted
from hoardrun.payments.errors import NothingToDecide, NotSafeToRetry
from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.owner_services import payment_retry
from hoardrun.payments.queue.tracing import payment_why
from hoardrun.payments.refunding import refund_create
from hoardrun.payments.staff import decision_ask, decision_decide
from tests.clients import api_as, staff_with
from tests.hoardrun.ledger.journal.conftest import assert_books_agree
from tests.hoardrun.payments.carrying import ask, money, taken, tell, tell_paid, wait
from tests.hoardrun.payments.support import paid, said
from tests.hoardrun.tools import problem

DOUBTS = {
    "staff have it": said(Claim.REVERSED, amount=Decimal(2000)),
    "its provider is asked": said(Claim.REVERSED, Source.CALLBACK),
}


@pytest.fixture(autouse=True)
def _anybody(_providers: None, settings: Any) -> None:
    settings.PAYMENTS = {**settings.PAYMENTS, "PAYMENTS_PAYOUTS_TO": "anybody"}


@pytest.fixture
def collected(ugx: Account) -> ProviderPayment:
    row = taken(ask(ugx))
    tell_paid(row, provider_txn_id="R-1")
    return row


def settle(row: ProviderPayment, doubt: str, dora: User, erin: User) -> None:
    """Have a doubt turn out to be nothing."""
    if doubt == "its provider is asked":
        tell_paid(row, provider_txn_id="R-1")
        return
    asked = decision_ask(payment_id=row.pk, action="reject", why="They rang.", staff_id=dora.pk)
    decision_decide(decision_id=asked.pk, staff_id=erin.pk, approve=True)


@pytest.fixture
def dora(db: None) -> User:
    return staff_with(User.objects.create_user("dora"), "add_providerpayment")


@pytest.fixture
def erin(db: None) -> User:
    return User.objects.create_user("erin", is_staff=True)


def above(settings: Any, amount: int) -> None:
    """Have what goes out above an amount of UGX wait for staff."""
    settings.PAYMENTS = {**settings.PAYMENTS, "PAYMENTS_APPROVE_ABOVE": (("UGX", amount),)}


def pause() -> None:
    """Let the pause of what had to wait be over."""
    over = F("next_check_at") - claims.OVERTAKEN_PAUSE
    ProviderPayment.objects.filter(attempts=0).update(next_check_at=over)


def claimed() -> list[str]:
    pause()
    return [one.order.id for one in claims.claim("mtn", 10) if one.is_first]


@pytest.mark.parametrize("doubt", DOUBTS)
def test_nothing_goes_back_of_what_is_in_doubt(
    collected: ProviderPayment, ugx: Account, dora: User, erin: User, doubt: str
):
    tell(collected, DOUBTS[doubt])
    assert collected.state == "succeeded"
    path = f"/api/v1/payments/{collected.pk}/refunds"
    problem(api_as(dora).post(path, {"amount": "1000"}), 409, "payment_in_doubt")
    assert (collected.refunded_by.count(), money(ugx)) == (0, (55_000, 55_000))
    settle(collected, doubt, dora, erin)
    assert api_as(dora).post(path, {"amount": "1000"}).status_code == 201
    assert claimed() == [str(collected.refunded_by.get().pk)]


def test_a_refund_that_was_asked_for_before_the_doubt_is_answered_by_its_key(
    collected: ProviderPayment,
):
    first = refund_create(payment_id=collected.pk, own_key="k").payment
    tell(collected, DOUBTS["staff have it"])
    again = refund_create(payment_id=collected.pk, own_key="k")
    assert (again.payment, again.created) == (first, False)


@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_refund_is_not_sent_once_its_payment_is_in_doubt(
    collected: ProviderPayment, ugx: Account, dora: User, erin: User, doubt: str
):
    first, second = (
        refund_create(payment_id=collected.pk, amount=amount).payment for amount in (1000, 2000)
    )
    tell(collected, DOUBTS[doubt])
    assert claimed() == []
    wait(first, minutes=3)
    pause()
    assert claims.give_up("mtn") == [str(first.pk)]
    settle(collected, doubt, dora, erin)
    assert claimed() == [str(second.pk)]


def test_staff_send_no_refund_while_the_provider_is_asked_about_its_payment(
    collected: ProviderPayment, dora: User, erin: User, settings: Any
):
    above(settings, 4000)
    refund = refund_create(payment_id=collected.pk).payment
    tell(collected, DOUBTS["its provider is asked"])
    assert payment_why(refund.pk).actions == ("reject",)
    with pytest.raises(NothingToDecide, match="is asked about what it gives back"):
        decision_ask(payment_id=refund.pk, action="send", why="They rang.", staff_id=dora.pk)
    settle(collected, "its provider is asked", dora, erin)
    assert payment_why(refund.pk).actions == ("reject", "send")


def failed(row: ProviderPayment) -> ProviderPayment:
    tell(taken(row), said(Claim.NOT_PAID, reason="funds", retry_safe=True))
    return row


def again(row: ProviderPayment) -> ProviderPayment:
    return payment_retry(user_id=row.user_id, payment_id=str(row.pk), by=UNNAMED).payment


@pytest.mark.parametrize(
    "answer", [paid(Source.CALLBACK, provider_txn_id="R-1"), said(Claim.UNKNOWN)]
)
def test_a_doubt_lasts_until_the_provider_has_answered(collected: ProviderPayment, answer: Any):
    refund = refund_create(payment_id=collected.pk, amount=1000).payment
    tell(collected, DOUBTS["its provider is asked"])
    tell(collected, answer)
    assert (claimed(), is_doubted(collected)) == ([], True)
    tell_paid(collected, provider_txn_id="R-1")
    assert claimed() == [str(refund.pk)]


def test_staff_are_called_when_the_provider_never_answers_a_doubt(collected: ProviderPayment):
    tell(collected, DOUBTS["its provider is asked"])
    wait(collected, minutes=73 * 60)
    tell(collected, said(Claim.UNKNOWN))
    assert (collected.staff_reason, collected.next_check_at) == ("unanswered", None)


def test_what_waits_for_a_doubt_holds_up_nothing_else(collected: ProviderPayment, ugx: Account):
    refund_create(payment_id=collected.pk, amount=1000)
    tell(collected, DOUBTS["its provider is asked"])
    other = ask(ugx)
    assert claims.claim("mtn", 1) == []
    others = claims.claim("mtn", 1) + claims.claim("mtn", 1)
    assert {one.order.id for one in others} == {str(other.pk), str(collected.pk)}


@pytest.mark.parametrize("kind", ["collect", "payout"])
def test_another_try_is_not_sent_while_the_first_may_have_been_paid(ugx: Account, kind: str):
    first = failed(ask(ugx, kind))
    second = again(first)
    tell(first, paid(Source.CALLBACK))
    assert claimed() == []
    tell(first, said(Claim.NOT_PAID, Source.CALLBACK, reason="funds"))  # once more, from before
    assert claimed() == []
    tell(first, said(Claim.NOT_PAID, reason="funds"))
    assert claimed() == [str(second.pk)]


def test_another_try_of_what_was_paid_late_is_given_up(ugx: Account):
    first = taken(ask(ugx, "payout"))
    tell(first, said(Claim.NOT_PAID, Source.STATEMENT, reason="funds", retry_safe=True))
    second = again(first)
    tell_paid(first, provider_txn_id="R-1")
    assert (first.booked_late, claimed()) == (True, [])
    wait(second, minutes=3)
    pause()
    assert claims.give_up("mtn") == [str(second.pk)]
    tell(second, said(Claim.NOT_PAID, Source.ACK, reason="not_sent", retry_safe=True))
    assert money(ugx) == (45_000, 45_000)
    # A third try would be a second payment, too.
    with pytest.raises(NotSafeToRetry):
        again(second)
    assert_books_agree(ugx)


def test_staff_do_not_send_another_try_while_the_first_may_have_been_paid(
    ugx: Account, dora: User, settings: Any
):
    first = failed(ask(ugx, "payout"))
    above(settings, 4000)
    second = again(first)
    assert payment_why(second.pk).actions == ("reject", "send")
    tell(first, paid(Source.CALLBACK))
    assert payment_why(second.pk).actions == ("reject",)
    with pytest.raises(NothingToDecide, match="An earlier try of it"):
        decision_ask(payment_id=second.pk, action="send", why="They rang.", staff_id=dora.pk)


def test_what_two_decide_to_give_back_is_in_doubt_no_more(ugx: Account, dora: User, erin: User):
    row = taken(ask(ugx))
    tell(row, paid(amount=Decimal(4500)))
    assert (row.state, row.staff_reason) == ("held", "amount")
    asked = decision_ask(
        payment_id=row.pk, action="refund", why="They rang.", staff_id=dora.pk, amount=4500
    )
    decision_decide(decision_id=asked.pk, staff_id=erin.pk, approve=True)
    assert claimed() == [str(row.refunded_by.get().pk)]
