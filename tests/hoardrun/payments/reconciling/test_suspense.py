"""Money of a statement that no payment explains is in suspense until somebody knows whose it is."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from hoardrun.ledger.corrections.services import correction_approve, correction_ask
from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.models import Account
from hoardrun.payments.evidence import Claim
from hoardrun.payments.reconciling.models import Match
from hoardrun.payments.reconciling.selectors import findings_open
from hoardrun.payments.reconciling.services import finding_close
from hoardrun.payments.reconciling.suspense import suspense_release
from tests.hoardrun.ledger.journal.conftest import assert_books_agree, lines
from tests.hoardrun.payments.carrying import ask, money, taken, tell, tell_paid
from tests.hoardrun.payments.reconciling.support import collect, load, paid, row
from tests.hoardrun.payments.support import said

SUSPENSE, FLOAT = "suspense UGX", "float mtn UGX"


def moved() -> list[tuple[str, str, int]]:
    """List what was posted without a customer's account: debit, credit, minor units."""
    return [line[1:] for line in lines(debit__account=None, credit__account=None)]


def test_what_no_payment_explains_is_booked_once(ugx: Account):
    file = (row("R1", 700, 700), row("R2", -50, 650))
    load(*file)
    load(*file)
    load(*file, row("R3", 9, 659))
    assert moved() == [(FLOAT, SUSPENSE, 700), (SUSPENSE, FLOAT, 50), (FLOAT, SUSPENSE, 9)]
    line = Posting.objects.earliest("pk")
    assert line.event_at == Match.objects.earliest("pk").at
    assert_books_agree(ugx)


@pytest.mark.parametrize("late", [False, True], ids=["in time", "after it had ended"])
def test_what_a_payment_turns_out_to_be_leaves_suspense(ugx: Account, late: bool):
    """Its provider says only after the statement that the payment was paid."""
    done = load(row("R1", 5000, 5000), row("R2", 8, 5008))
    assert suspense_release() == 0
    payment = collect(ugx, "5000")
    if late:
        tell(payment, said(Claim.NOT_PAID, reason="expired"))
    paid(payment, "R1")
    assert suspense_release() == 1
    assert suspense_release() == 0
    assert moved() == [(FLOAT, SUSPENSE, 5000), (FLOAT, SUSPENSE, 8), (SUSPENSE, FLOAT, 5000)]
    closed = done.file.matches.get(line__receipt="R1")
    assert (closed.closed_by, closed.closed_why) == (None, "A payment has it now.")
    assert findings_open().get().amount == 8
    assert_books_agree(ugx)


def test_what_a_payout_turns_out_to_be_leaves_suspense(ugx: Account):
    paid(collect(ugx, "5000"), "R0")
    done = load(row("R1", -50, 4950), row("R2", -8, 4942))
    payout = taken(ask(ugx, "payout", amount="50"))
    assert suspense_release() == 0
    tell_paid(payout, provider_txn_id="R1")
    assert suspense_release() == 1
    assert suspense_release() == 0
    assert moved() == [(SUSPENSE, FLOAT, 50), (SUSPENSE, FLOAT, 8), (FLOAT, SUSPENSE, 50)]
    assert done.file.matches.get(line__receipt="R1").closed_why == "A payment has it now."
    assert findings_open().get().amount == 8
    assert money(ugx) == (4950, 4950)
    assert_books_agree(ugx)


def test_a_payment_of_the_other_direction_is_another_one(ugx: Account):
    load(row("R1", -5000, 0))
    paid(collect(ugx, "5000"), "R1")
    assert suspense_release() == 0


def test_what_a_person_has_closed_is_not_moved_again(ugx: Account, dora: User):
    load(row("R1", 5000, 5000))
    finding_close(match_id=findings_open().get().pk, why="Ours.", by=dora.pk)
    paid(collect(ugx, "5000"), "R1")
    assert suspense_release() == 0


def test_a_correction_gives_it_to_its_owner(ugx: Account, bob: User, dora: User):
    load(row("R1", 700, 700))
    asked = correction_ask(
        account_id=ugx.pk,
        direction="inbound",
        amount="700",
        why="The owner has shown the receipt.",
        against="suspense",
        by=bob.pk,
    )
    correction_approve(correction_id=asked.pk, by=dora.pk)
    mine = f"customer #{ugx.pk} UGX"
    assert [line[1:] for line in lines()] == [(FLOAT, SUSPENSE, 700), (SUSPENSE, mine, 700)]
    assert_books_agree(ugx)


def test_of_a_line_without_an_amount_nothing_is_booked(ugx: Account):
    load(row("R1", 0, 0), row("R2", 700, 700))
    assert moved() == [(FLOAT, SUSPENSE, 700)]
    assert_books_agree(ugx)
