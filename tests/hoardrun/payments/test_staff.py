"""What staff decide on a payment takes two of them, and becomes evidence."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from hoardrun.ledger.errors import OwnAccount
from hoardrun.ledger.models import Account, Transaction
from hoardrun.payments.calling.orders import order_of
from hoardrun.payments.errors import DecidedAlready, NothingToDecide
from hoardrun.payments.evidence import Claim
from hoardrun.payments.models import ProviderPayment, StaffDecision
from hoardrun.payments.refunding import refund_create
from hoardrun.payments.staff import decision_ask, decision_decide
from hoardrun.payments.tariffs.services import fee_add
from realtime.errors import InvalidInput, SecondPerson
from tests.hoardrun.ledger.conftest import close
from tests.hoardrun.ledger.journal.conftest import assert_books_agree
from tests.hoardrun.payments.carrying import ask, money, taken, tell, tell_paid, txn_of
from tests.hoardrun.payments.support import paid, said


@pytest.fixture
def dora(db) -> User:
    return User.objects.create_user("dora", is_staff=True)


@pytest.fixture
def erin(db) -> User:
    return User.objects.create_user("erin", is_staff=True)


def held(account: Account, kind: str = "collect", amount: int = 4500, **more) -> ProviderPayment:
    row = taken(ask(account, kind))
    tell(row, paid(amount=Decimal(amount), **more))
    assert row.state == "held"
    return row


def asked(row: ProviderPayment, action: str, by: User, **more) -> StaffDecision:
    wanted = {"why": "They have sent their statement.", **more}
    return decision_ask(payment_id=row.pk, action=action, staff_id=by.pk, **wanted)


def decided(
    row: ProviderPayment, action: str, dora: User, erin: User, *, approve: bool = True, **more
) -> StaffDecision:
    request = asked(row, action, dora, **more)
    made = decision_decide(decision_id=request.pk, staff_id=erin.pk, approve=approve)
    row.refresh_from_db()
    return made


def test_what_came_is_accepted_for_what_it_is(ugx: Account, dora: User, erin: User):
    row = held(ugx)
    first = row.txn_id
    decided(row, "accept", dora, erin, amount="4500")
    assert (row.state, row.amount, row.staff_since) == ("succeeded", 4500, None)
    assert money(ugx) == (54_500, 54_500)
    assert Transaction.objects.get(pk=first).status == "cancelled"
    txn = txn_of(row)
    assert (txn.amount, txn.status, txn.own_key) == (4500, "completed", f"accepted:{row.pk}")
    step = row.steps.latest("pk")
    assert (step.source, step.user) == ("staff", erin)
    assert step.note == "UGX 5,000 were asked for. They have sent their statement."
    move = txn.moves.get(to_status="completed")
    assert (move.actor_kind, move.user) == ("staff", erin)
    # The provider's word for it is nothing new now.
    tell(row, paid(amount=Decimal(4500)))
    assert money(ugx) == (54_500, 54_500)
    assert_books_agree(ugx)


def test_what_came_as_asked_for_keeps_its_transaction(ugx: Account, dora: User, erin: User):
    row = held(ugx, amount=5000, payer="+256770000000")
    first = row.txn_id
    decided(row, "accept", dora, erin)
    assert (row.txn_id, row.state, money(ugx)) == (first, "succeeded", (55_000, 55_000))


def test_a_payout_of_more_than_was_held_is_accepted(ugx: Account, dora: User, erin: User):
    row = held(ugx, "payout", amount=51_000)
    decided(row, "accept", dora, erin, amount="51000")
    assert (row.state, money(ugx)) == ("succeeded", (0, 0))
    assert Transaction.objects.get(own_key=f"advance:accepted:{row.pk}").amount == 1000
    assert row.staff_reason == "advanced"  # the customer owes it: staff stay told
    assert_books_agree(ugx)


def test_what_is_accepted_for_a_closed_account_waits_there(ugx: Account, dora: User, erin: User):
    row = held(ugx)
    close(ugx)
    decided(row, "accept", dora, erin, amount="4500")
    assert money(ugx) == (4500, 4500)
    assert_books_agree(ugx)


def test_what_is_rejected_releases_the_hold(ugx: Account, dora: User, erin: User):
    row = held(ugx, "payout")
    assert money(ugx) == (45_000, 50_000)
    decided(row, "reject", dora, erin)
    assert (row.state, row.reason_code, txn_of(row).status) == ("failed", "rejected", "failed")
    assert money(ugx) == (50_000, 50_000)
    tell(row, paid(amount=Decimal(4500)))  # it is what was rejected
    assert (row.staff_since, money(ugx)) == (None, (50_000, 50_000))


def test_a_refund_books_what_came_and_sends_it_back(ugx: Account, dora: User, erin: User):
    row = held(ugx)
    decided(row, "refund", dora, erin, amount="4500")
    refund = ProviderPayment.objects.get(refunds=row)
    assert (refund.state, refund.amount, row.state) == ("created", 4500, "succeeded")
    assert (refund.idempotency_key, refund.own_key) == (None, f"decision:{row.decisions.get().pk}")
    assert money(ugx) == (50_000, 54_500)
    tell_paid(taken(refund), provider_txn_id="R-2")
    assert money(ugx) == (50_000, 50_000)
    assert_books_agree(ugx)


def test_money_that_was_denied_before_is_accepted_late(ugx: Account, dora: User, erin: User):
    row = taken(ask(ugx))
    tell(row, said(Claim.NOT_PAID, reason="funds"))
    tell_paid(row)
    assert row.staff_reason == "contradiction"
    decided(row, "accept", dora, erin)
    assert (row.state, row.booked_late, row.staff_since) == ("failed", True, None)
    assert (money(ugx), txn_of(row).status) == ((55_000, 55_000), "failed")
    assert_books_agree(ugx)


@pytest.mark.parametrize(
    ("provider", "phone"), [("mtn", "+256771234567"), ("airtel", "+256701234567")]
)
def test_money_that_came_late_is_given_back(
    ugx: Account, dora: User, erin: User, provider: str, phone: str
):
    row = taken(ask(ugx, provider=provider, msisdn=phone))
    tell(row, said(Claim.NOT_PAID, reason="funds"))
    tell_paid(row, provider_txn_id="R-1")
    assert row.staff_reason == "contradiction"
    decided(row, "refund", dora, erin)
    assert (row.state, row.booked_late, row.staff_since) == ("failed", True, None)
    refund = ProviderPayment.objects.get(refunds=row)
    # Airtel gives money back by its receipt.
    assert order_of(refund, refund.created_at).refunds == (
        "R-1" if provider == "airtel" else str(row.pk)
    )
    tell_paid(taken(refund), provider_txn_id="R-2")
    assert (refund.state, money(ugx)) == ("succeeded", (50_000, 50_000))
    assert_books_agree(ugx)


def test_money_that_came_to_a_closed_account_is_given_back(ugx: Account, dora: User, erin: User):
    row = held(ugx)
    close(ugx)
    decided(row, "refund", dora, erin, amount="4500")
    refund = taken(ProviderPayment.objects.get(refunds=row))
    assert money(ugx) == (0, 4500)
    tell(refund, said(Claim.NOT_PAID, reason="provider"))
    assert money(ugx) == (4500, 4500)  # it waits there, and may go again
    again = taken(refund_create(payment_id=row.pk).payment)
    tell_paid(again, provider_txn_id="R-2")
    assert money(ugx) == (0, 0)
    assert_books_agree(ugx)


def test_what_was_said_beyond_an_end_is_put_away(ugx: Account, dora: User, erin: User):
    row = taken(ask(ugx))
    tell_paid(row)
    tell_paid(row, provider_txn_id="another")
    assert row.staff_reason == "second_receipt"
    with pytest.raises(NothingToDecide, match="is booked"):
        asked(row, "accept", dora)
    decided(row, "reject", dora, erin)
    assert (row.state, row.staff_since, money(ugx)) == ("succeeded", None, (55_000, 55_000))
    assert row.steps.latest("pk").user == erin


def test_one_person_is_not_enough(ugx: Account, dora: User, erin: User, bob: User):
    row = held(ugx)
    with pytest.raises(OwnAccount):
        asked(row, "accept", bob)
    request = asked(row, "accept", dora, amount="4500")
    with pytest.raises(SecondPerson):
        decision_decide(decision_id=request.pk, staff_id=dora.pk, approve=True)
    with pytest.raises(OwnAccount):
        decision_decide(decision_id=request.pk, staff_id=bob.pk, approve=True)
    with pytest.raises(DecidedAlready):
        asked(row, "reject", erin)
    assert money(ugx) == (50_000, 50_000)
    # Who asked may take it back, and another one decline.
    decision_decide(decision_id=request.pk, staff_id=dora.pk, approve=False)
    declined = decided(row, "reject", dora, erin, approve=False)
    assert (declined.state, declined.decided_by, row.state) == ("declined", erin, "held")
    with pytest.raises(DecidedAlready):
        decision_decide(decision_id=declined.pk, staff_id=erin.pk, approve=True)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"action": "burn"}, "action"),
        ({"why": " "}, "why"),
        ({"why": "x" * 201}, "why"),
    ],
)
def test_an_action_needs_its_reason(ugx: Account, dora: User, wrong: dict, field: str):
    with pytest.raises(InvalidInput) as refused:
        asked(held(ugx), **{"action": "accept", "by": dora, **wrong})
    assert field in refused.value.errors
    assert not StaffDecision.objects.exists()


def test_only_what_waits_for_staff_is_decided(ugx: Account, dora: User, erin: User):
    row = taken(ask(ugx))
    with pytest.raises(NothingToDecide, match="does not wait"):
        asked(row, "reject", dora)
    foreign = held(ugx, amount=5000, currency="KES", provider_txn_id="K")
    with pytest.raises(NothingToDecide, match="in KES"):
        asked(foreign, "accept", dora)
    with pytest.raises(NothingToDecide, match="Only what was collected"):
        asked(held(ugx, "payout", provider_txn_id="P"), "refund", dora)
    # What the provider has settled meanwhile is not decided any more.
    ProviderPayment.objects.filter(pk=foreign.pk).update(staff_since=None)
    waiting = held(ugx, provider_txn_id="W")
    request = asked(waiting, "reject", dora)
    ProviderPayment.objects.filter(pk=waiting.pk).update(staff_since=None)
    with pytest.raises(NothingToDecide):
        decision_decide(decision_id=request.pk, staff_id=erin.pk, approve=True)


def test_what_goes_straight_back_costs_no_fee(ugx: Account, dora: User, erin: User):
    """Else it could not go back to whom the account has nothing else for."""
    spent = taken(ask(ugx, "payout", amount="50000"))
    tell_paid(spent, provider_txn_id="R-0")
    row = taken(ask(ugx, fee=Decimal(100)))
    tell(row, paid(amount=Decimal(4500)))
    decided(row, "refund", dora, erin, amount="4500")
    assert (row.fee_txn, money(ugx)) == (None, (0, 4500))
    tell_paid(taken(row.refunded_by.get()), provider_txn_id="R-2")
    assert money(ugx) == (0, 0)
    assert_books_agree(ugx)


@pytest.mark.parametrize(("came", "fee"), [("10", 0), ("7000", 70)])
def test_the_fee_is_that_of_what_came(ugx: Account, dora: User, erin: User, came: str, fee: int):
    for least, most, fixed in ((1, 4999, 0), (5000, 6000, 50), (6001, 9000, 70)):
        fee_add(
            provider="mtn", kind="collect", currency="UGX", valid_from=date(2020, 1, 1),
            least=least, most=most, fixed=fixed, payer="customer",
        )  # fmt: skip
    row = held(ugx, amount=int(came))
    assert row.fee_minor == 50
    decided(row, "accept", dora, erin, amount=came)
    assert (row.state, row.fee_minor, row.staff_reason) == ("succeeded", fee, "")
    assert money(ugx)[1] == 50_000 + int(came) - fee
    assert_books_agree(ugx)


def test_a_fee_that_no_tariff_said_stays(ugx: Account, dora: User, erin: User):
    row = taken(ask(ugx, fee=Decimal(30)))
    tell(row, paid(amount=Decimal(4500)))
    decided(row, "accept", dora, erin, amount="4500")
    assert (row.fee_minor, money(ugx)[1]) == (30, 54_470)
