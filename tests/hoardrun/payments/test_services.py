"""Evidence moves a payment and its money together, once, and nothing else does."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from hoardrun.ledger import actors
from hoardrun.ledger.errors import PaymentUnderWay
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import transaction_move
from hoardrun.payments.errors import PaymentNotFound
from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.models import PaymentStep
from hoardrun.payments.services import evidence_apply
from notifications.models import Notification
from tests.hoardrun.ledger.conftest import close, complete, create, published
from tests.hoardrun.ledger.journal.conftest import assert_books_agree, lines
from tests.hoardrun.payments.carrying import (
    ask,
    called,
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


def test_a_collection_from_the_first_answer_to_the_money(ugx: Account, bob: User):
    row = ask(ugx)
    tell(row, said(Claim.ACCEPTED, Source.ACK))
    assert (row.state, txn_of(row).status) == ("submitted", "processing")
    tell(row, said(Claim.WAITING))
    assert shown(txn_of(row))["stage"] == "enter_pin"
    tell(row, paid(Source.CALLBACK))
    assert (row.state, money(ugx)[1]) == ("confirming", 50_000)
    tell_paid(row)
    assert states(row) == ["created", "submitted", "awaiting_pin", "confirming", "succeeded"]
    assert money(ugx) == (55_000, 55_000)
    assert lines(txn=row.txn) == [("settle", "float mtn UGX", f"customer #{ugx.pk} UGX", 5000)]
    stages = [
        told.split('"stage":"')[1].split('"')[0] for told in published(bob) if "stage" in told
    ]
    assert stages == ["starting", "sent", "enter_pin", "confirming", "done"]
    assert row.next_check_at is None
    assert_books_agree(ugx)


def test_the_provider_is_the_actor_and_its_step_the_evidence(ugx: Account):
    row = taken(ask(ugx))
    tell_paid(row)
    step = row.steps.latest("pk")
    move = txn_of(row).moves.get(to_status="completed")
    assert (move.actor_kind, move.actor_name) == ("provider", "mtn")
    assert move.evidence == f"payment-step:{step.pk}"
    assert (step.source, step.claim, step.rule) == ("query", "paid", "paid")


def test_an_answer_is_kept_with_its_step(ugx: Account):
    row = ask(ugx)
    tell(row, said(Claim.ACCEPTED, Source.ACK, raw=b'{"ok":1}'))
    tell(row, paid(Source.CALLBACK), receipt=called(row, b'{"called":1}'))
    raw = [(bytes(step.raw), step.receipt_id is None) for step in row.steps.order_by("pk")]
    assert raw == [(b'{"ok":1}', True), (b"", False)]


@pytest.mark.parametrize(
    ("reason", "status"),
    [("funds", "failed"), ("cancelled", "cancelled"), ("expired", "expired")],
)
def test_an_end_without_money_releases_the_hold(ugx: Account, reason: str, status: str):
    row = taken(ask(ugx, "payout", fee=Decimal(100)))
    assert money(ugx) == (44_900, 50_000)
    tell(row, said(Claim.NOT_PAID, reason=reason, retry_safe=True))
    assert (row.state, txn_of(row).status) == (status, status)
    assert row.fee_txn is not None
    row.fee_txn.refresh_from_db()
    assert row.fee_txn.status == status
    assert money(ugx) == (50_000, 50_000)
    assert txn_of(row).failure_reason
    assert lines(txn=row.txn) == []


def test_a_payout_settles_with_its_fee(ugx: Account):
    row = taken(ask(ugx, "payout", fee=Decimal(100)))
    tell_paid(row)
    assert money(ugx) == (44_900, 44_900)
    assert lines(txn=row.fee_txn) == [("fee", f"customer #{ugx.pk} UGX", "fees UGX", 100)]
    assert_books_agree(ugx)


def test_the_fee_of_a_collection_is_taken_from_what_came(ugx: Account):
    row = taken(ask(ugx, fee=Decimal(100)))
    tell_paid(row)
    assert row.fee_txn is not None and row.fee_txn.own_key == f"fee:{row.pk}"
    assert money(ugx) == (54_900, 54_900)
    assert_books_agree(ugx)


def test_a_fee_that_the_account_cannot_bear_is_owed_and_told(ugx: Account):
    row = taken(ask(ugx, fee=Decimal(5100)))
    close(ugx)
    tell_paid(row)
    assert money(ugx) == (0, 0)
    assert (row.state, row.staff_reason) == ("succeeded", "advanced")
    assert Transaction.objects.get(own_key=f"advance:fee:{row.pk}").amount == 100
    assert_books_agree(ugx)


def test_what_was_never_sent_fails_without_a_detour(ugx: Account):
    row = ask(ugx, "payout")
    tell(row, said(Claim.NOT_PAID, Source.ACK, reason="not_sent", retry_safe=True))
    assert states(row) == ["created", "failed"]
    assert (row.retry_safe, money(ugx)) == (True, (50_000, 50_000))


@pytest.mark.parametrize("actor", ["owner", "staff"])
def test_while_it_lives_nothing_else_moves_its_transaction(ugx: Account, alice: User, actor: str):
    row = ask(ugx, "payout")
    by = actors.user(ugx.user_id) if actor == "owner" else actors.staff(alice.pk)
    for to in ("cancelled", "completed", "failed"):
        with pytest.raises(PaymentUnderWay, match="A payment by mtn moves this transaction"):
            transaction_move(txn_id=row.txn_id, to=to, by=by)
    assert (txn_of(row).status, money(ugx)) == ("pending", (45_000, 50_000))
    # What has ended is the ledger's again.
    tell_paid(taken(row))
    transaction_move(txn_id=row.txn_id, to="reversed", by=actors.staff(alice.pk))
    assert money(ugx) == (50_000, 50_000)


def test_the_same_evidence_twice_is_one_booking(ugx: Account):
    row = taken(ask(ugx))
    for _ in range(3):
        tell_paid(row)
    assert money(ugx) == (55_000, 55_000)
    assert row.steps.count() == 2


def test_a_crash_leaves_nothing_half_done(ugx: Account, bob: User):
    class Crash(Exception):
        pass

    row = taken(ask(ugx))
    before = (row.version, row.steps.count(), len(published(bob)))
    with pytest.raises(Crash), transaction.atomic():
        evidence_apply(row.pk, paid())
        raise Crash
    row.refresh_from_db()
    assert (row.version, row.steps.count(), len(published(bob))) == before
    assert (row.state, txn_of(row).status, money(ugx)) == ("submitted", "processing", (50_000,) * 2)
    tell_paid(row)
    assert money(ugx) == (55_000, 55_000)


# -- receipts


def test_a_callback_has_its_outcome(ugx: Account):
    row = taken(ask(ugx))
    first, second, third = (called(row, raw) for raw in (b"1", b"2", b"3"))
    tell(row, paid(Source.CALLBACK), receipt=first)
    assert row.next_check_at is not None  # the provider is asked now
    tell_paid(row)
    tell(row, paid(Source.CALLBACK), receipt=second)
    tell(row, said(Claim.WAITING, Source.CALLBACK), receipt=third)
    found = [receipt.outcome.outcome for receipt in row.receipts.order_by("pk")]
    assert found == ["applied", "duplicate", "stale"]
    assert all(receipt.outcome.processed_at for receipt in row.receipts.all())


def test_a_receipt_of_another_payment_is_booked_once(ugx: Account):
    first, second = taken(ask(ugx)), taken(ask(ugx))
    tell_paid(first)
    tell(second, paid(Source.CALLBACK))  # it tells the receipt of the first
    assert second.hint is None
    tell(second, paid())
    assert (second.state, second.provider_txn_id) == ("held", "")
    assert second.staff_reason == "reference"
    assert money(ugx) == (55_000, 55_000)


def test_a_request_id_of_another_payment_is_not_taken(ugx: Account):
    first, second = ask(ugx), ask(ugx)
    for row in (first, second):
        tell(row, said(Claim.ACCEPTED, Source.ACK, provider_request_id="ws_1"))
    assert (first.provider_request_id, second.provider_request_id) == ("ws_1", "")


# -- what goes to staff


def test_other_figures_are_held_for_staff(ugx: Account):
    row = taken(ask(ugx, "payout"))
    tell(row, paid(amount=Decimal("4500.5")))
    assert (row.state, row.staff_reason, row.next_check_at) == ("held", "amount", None)
    assert (row.told_amount, row.told_currency) == ("4500.5", "UGX")
    assert shown(txn_of(row))["stage"] == "under_review"
    assert money(ugx) == (45_000, 50_000)  # the hold stays


def test_what_stays_unknown_goes_to_staff_and_comes_back(ugx: Account):
    row = taken(ask(ugx))
    tell(row, said(Claim.UNKNOWN, reason="unknown_code"))
    assert (row.state, row.staff_since) == ("unknown", None)
    wait(row, minutes=11)
    tell(row, said(Claim.UNKNOWN, reason="unknown_code"))
    assert row.staff_reason == "unknown"
    tell_paid(row)
    assert (row.state, row.staff_since) == ("succeeded", None)


def test_what_nobody_answers_for_three_days_is_a_persons(ugx: Account):
    row = taken(ask(ugx))
    wait(row, hours=73)
    tell(row, said(Claim.UNKNOWN, reason="no_answer"))
    assert (row.staff_reason, row.next_check_at) == ("unanswered", None)
    assert row.state == "unknown"


# -- late money


@pytest.mark.field(number=5)
def test_5_money_that_comes_late_is_a_transaction_of_its_own(ugx: Account, bob: User):
    row = taken(ask(ugx, description="Rent"))
    tell(row, said(Claim.NOT_PAID, reason="expired"))
    tell(row, paid(Source.CALLBACK))
    assert row.next_check_at is not None and money(ugx) == (50_000, 50_000)
    for _ in range(2):
        tell_paid(row)
    late = row.late_txn
    assert late is not None
    assert (txn_of(row).status, late.status, late.own_key) == (
        "expired",
        "completed",
        f"late:{row.pk}",
    )
    assert shown(late)["stage"] == "done"
    assert (row.state, row.booked_late) == ("expired", True)
    assert money(ugx) == (55_000, 55_000)
    told = Notification.objects.get(user=bob, kind="transaction.late")
    assert told.message == "Your deposit of UGX\u00a05,000 arrived after all."
    assert told.metadata == {"transaction_id": str(late.pk)}
    tell(row, said(Claim.NOT_PAID, reason="expired"))
    assert money(ugx) == (55_000, 55_000)
    assert_books_agree(ugx)


def test_what_was_said_to_have_failed_is_void_once_it_was_made(ugx: Account, bob: User):
    row = taken(ask(ugx, "payout"))
    tell(row, said(Claim.NOT_PAID, Source.STATEMENT, reason="provider"))
    tell_paid(row)
    failed, late = Notification.objects.filter(user=bob).order_by("pk")
    assert (failed.kind, late.kind) == ("transaction.failed", "transaction.late")
    assert late.message == "Your payment of UGX\u00a05,000 was made after all."
    assert late.supersedes_id == failed.pk
    assert money(ugx) == (45_000, 45_000)


def test_a_late_payout_that_the_account_cannot_bear_is_an_advance(ugx: Account):
    row = taken(ask(ugx, "payout"))
    tell(row, said(Claim.NOT_PAID, reason="expired"))
    complete(create(ugx, "47000"))
    tell_paid(row)
    assert money(ugx) == (0, 0)
    assert row.staff_reason == "advanced"
    owed = Transaction.objects.get(own_key=f"advance:late:{row.pk}")
    assert lines(txn=owed) == [("settle", "receivable UGX", f"customer #{ugx.pk} UGX", 2000)]
    assert_books_agree(ugx)


def test_late_money_comes_to_a_closed_account_too(ugx: Account):
    row = taken(ask(ugx))
    tell(row, said(Claim.NOT_PAID, reason="expired"))
    close(ugx)
    tell_paid(row)
    assert money(ugx) == (5000, 5000)  # it waits there for `account_carry`
    assert_books_agree(ugx)


def test_late_money_is_asked_about_until_an_answer_tells(ugx: Account):
    row = taken(ask(ugx))
    tell(row, said(Claim.NOT_PAID, reason="expired"))
    tell(row, paid(Source.CALLBACK))
    for claim, reason in ((Claim.UNKNOWN, "busy"), (Claim.WAITING, ""), (Claim.UNKNOWN, "timeout")):
        tell(row, said(claim, reason=reason))
        assert row.next_check_at is not None
    tell_paid(row)
    assert (row.next_check_at, money(ugx)) == (None, (55_000, 55_000))


def test_late_money_that_nobody_confirms_for_three_days_is_a_persons(ugx: Account):
    row = taken(ask(ugx))
    tell(row, said(Claim.NOT_PAID, reason="expired"))
    tell(row, paid(Source.CALLBACK))
    wait(row, hours=73)
    tell(row, said(Claim.UNKNOWN, reason="busy"))
    assert (row.staff_reason, row.next_check_at) == ("unanswered", None)


def test_who_said_no_and_then_yes_is_a_persons(ugx: Account):
    row = taken(ask(ugx))
    tell(row, said(Claim.NOT_PAID, reason="funds"))
    tell_paid(row)
    assert (row.state, row.staff_reason, money(ugx)[1]) == ("failed", "contradiction", 50_000)


# -- reversals


def test_what_a_provider_gives_back_is_reversed_once(ugx: Account):
    row = taken(ask(ugx))
    tell_paid(row)
    for _ in range(2):
        tell(row, said(Claim.REVERSED))
    assert (row.state, txn_of(row).status) == ("reversed", "reversed")
    assert shown(txn_of(row))["stage"] == "returned"
    assert money(ugx) == (50_000, 50_000)
    assert_books_agree(ugx)


def test_a_reversal_beyond_the_balance_is_owed_and_told(ugx: Account):
    row = taken(ask(ugx))
    tell_paid(row)
    complete(create(ugx, "53000"))
    tell(row, said(Claim.REVERSED))
    assert money(ugx) == (0, 0)
    assert row.staff_reason == "advanced"
    owed = Transaction.objects.get(own_key=f"advance:reverse:{row.pk}")
    assert owed.amount == 3000
    assert_books_agree(ugx)


@pytest.mark.parametrize("kind", ["payout", "collect"])
def test_a_payment_that_comes_back_costs_no_fee(ugx: Account, kind: str):
    row = taken(ask(ugx, kind, fee=Decimal(100)))
    tell_paid(row)
    tell(row, said(Claim.REVERSED))
    assert (row.state, money(ugx)) == ("reversed", (50_000, 50_000))
    assert_books_agree(ugx)


def test_a_payout_that_comes_back_is_the_customers(ugx: Account):
    row = taken(ask(ugx, "payout"))
    tell_paid(row)
    tell(row, said(Claim.REVERSED))
    assert money(ugx) == (50_000, 50_000)
    assert_books_agree(ugx)


def test_what_staff_have_reversed_is_not_reversed_again(ugx: Account, alice: User):
    row = taken(ask(ugx))
    tell_paid(row)
    transaction_move(txn_id=row.txn_id, to="reversed", by=actors.staff(alice.pk))
    tell(row, said(Claim.REVERSED))
    assert (row.state, money(ugx)) == ("reversed", (50_000, 50_000))


@pytest.mark.parametrize("wrong", ["x", "", "7fce104d-d689-4cef-8954-3c9fc1bb8445"])
def test_evidence_of_no_payment_is_refused(db, wrong: str):
    with pytest.raises(PaymentNotFound):
        evidence_apply(wrong, paid())
    assert not PaymentStep.objects.exists()


def test_tests_let_a_payments_time_pass_faster(ugx: Account, settings):
    settings.PAYMENTS = settings.PAYMENTS | {"PAYMENTS_TIME_SCALE": 60.0}
    row = taken(ask(ugx))
    assert row.next_check_at is not None and row.sent_at is None
    gap = (row.next_check_at - row.created_at).total_seconds()
    assert gap < 5  # else MTN is asked first after eight seconds or more
    wait(row, seconds=9)  # which are nine minutes
    tell(row, said(Claim.UNKNOWN, reason="no_answer"))
    assert (row.state, row.staff_reason) == ("unknown", "")
    wait(row, seconds=11)
    tell(row, said(Claim.UNKNOWN, reason="no_answer"))
    assert row.staff_reason == "unknown"


def test_the_fee_that_comes_back_covers_what_is_taken_back(ugx: Account):
    spent = taken(ask(ugx, "payout", amount="50000"))
    tell_paid(spent, provider_txn_id="R-0")
    row = taken(ask(ugx, fee=Decimal(100)))
    tell_paid(row, provider_txn_id="R-1")
    assert money(ugx) == (4900, 4900)
    tell(row, said(Claim.REVERSED))
    assert (row.state, row.staff_reason, money(ugx)) == ("reversed", "", (0, 0))
    assert_books_agree(ugx)
