"""Files of providers are imported once, and settle what they explain."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.models import Account
from hoardrun.ledger.services import account_open
from hoardrun.payments.evidence import Claim
from hoardrun.payments.models import PaymentStep, ProviderPayment
from hoardrun.payments.reconciling.errors import StatementRefused
from hoardrun.payments.reconciling.importing import statement_import
from hoardrun.payments.reconciling.models import Match, StatementFile, StatementLine
from hoardrun.payments.reconciling.selectors import findings_open
from hoardrun.payments.refunding import refund_create
from tests.hoardrun.ledger.journal.conftest import assert_books_agree
from tests.hoardrun.payments.carrying import ask, money, taken, tell, tell_paid
from tests.hoardrun.payments.reconciling.support import (
    collect,
    day_of,
    load,
    paid,
    row,
    told,
)
from tests.hoardrun.payments.statements.support import at
from tests.hoardrun.payments.support import said
from tests.hoardrun.tools import at_once

FINDINGS = {"missing_there", "missing_here", "amount_differs", "gap"}


def state(payment: ProviderPayment) -> str:
    payment.refresh_from_db()
    return payment.state


@pytest.mark.field(20)
def test_a_file_has_four_findings_and_books_nothing_twice(ugx: Account):
    day = day_of(ugx)
    done = load(*day.lines)
    assert done.is_new and (done.file.lines, done.file.known) == (4, 0)
    assert sorted(told(done)) == [
        ("amount_differs", Decimal(500)),
        ("gap", Decimal(300)),
        ("matched", Decimal(1000)),
        ("matched", Decimal(5000)),
        ("missing_here", Decimal(700)),
        ("missing_there", Decimal(800)),
    ]
    assert {each.what for each in findings_open()} == FINDINGS
    assert (state(day.unknown), day.unknown.provider_txn_id) == ("succeeded", "R2")
    assert state(day.other_amount) == "held"
    ugx.refresh_from_db()
    assert ugx.current_balance == 5000 + 800 + 1000

    before = [model.objects.count() for model in (Posting, PaymentStep, StatementLine, Match)]
    again = load(*day.lines, name="the same under another name.csv")
    assert (again.is_new, again.file.pk, again.told) == (False, done.file.pk, 0)
    longer = load(*day.lines, row("R9", 800, 18_700, minute=3))
    assert (longer.is_new, longer.file.lines, longer.file.known) == (True, 1, 4)
    after = [model.objects.count() for model in (Posting, PaymentStep, StatementLine, Match)]
    # One line, its match, and the gap, which is in this file, too.
    assert after == [before[0], before[1], before[2] + 1, before[3] + 2]
    closed = Match.objects.get(what="missing_there")
    assert closed.payment_id == day.missing.pk
    assert (closed.closed_by_id, closed.closed_why) == (
        None,
        f"File #{longer.file.pk} has its line.",
    )


def test_what_was_not_told_is_told_when_the_file_is_imported_again(ugx: Account):
    """A process that dies between the two leaves the lines, and the payment as it was."""
    day = day_of(ugx)
    load(*day.lines)
    ProviderPayment.objects.filter(pk=day.other_amount.pk).update(staff_since=None)
    assert load(*day.lines).told == 1


def test_a_reversal_reverses_its_payment(ugx: Account):
    payment = paid(collect(ugx, "5000"), "R1")
    back = row("R1", -5000, 0, minute=5).replace("Transfer", "Reversal")
    done = load(row("R1", 5000, 5000), back)
    assert told(done) == [("matched", Decimal(5000)), ("reversal", Decimal(5000))]
    assert state(payment) == "reversed"
    ugx.refresh_from_db()
    assert ugx.current_balance == 0
    strange = load(row("R7", -20, 0).replace("Transfer", "Reversal"))
    assert told(strange) == [("missing_here", Decimal(20))]


REVERSED = """\
Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Reason Type,\
Linked Transaction ID
SBR2000000,2026-03-02 12:40:00,Pay Bill Reversal,Completed,,-500.00,0.00,Reversal,SBR1000000
"""


BILL = """\
Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Reason Type,\
Other Party Info,A/C No.
SBR1000000,2026-03-02 12:04:00,Pay Bill from 2547*****678,Completed,500.00,,500.00,Pay Bill Online,\
2547*****678,INV1
"""


@pytest.mark.parametrize("is_paid", [False, True])
def test_a_bill_is_known_by_its_account_where_a_receipt_is_not(kes: Account, is_paid: bool):
    """The answer to a question about a push has no receipt; the statement masks the phone."""
    wanted = {"provider": "daraja", "msisdn": "+254712345678", "amount": "500"}
    row = taken(ask(kes, **wanted, reference="INV1"))
    if is_paid:
        tell_paid(row, provider_txn_id="")
    ProviderPayment.objects.filter(pk=row.pk).update(created_at=at(12, 2))
    for news in (1, 0):
        done = statement_import(provider="daraja", name="march.csv", raw=BILL.encode())
        assert done.told == news
        assert [match.by for match in done.file.matches.all()] == ["account"]
        assert (state(row), row.provider_txn_id) == ("succeeded", "SBR1000000")
        assert money(kes) == (1500, 1500)
    assert not findings_open().exists()
    assert_books_agree(kes)


def test_a_bill_that_an_older_payment_may_have_had_is_left_to_a_person(kes: Account):
    """A customer may pay by the menu long after the prompt has run out."""
    wanted = {"provider": "daraja", "msisdn": "+254712345678", "amount": "500", "reference": "INV1"}
    old = taken(ask(kes, **wanted))
    tell(old, said(Claim.NOT_PAID))
    new = taken(ask(kes, **wanted))
    ProviderPayment.objects.filter(pk=old.pk).update(
        created_at=at(12) - timedelta(days=5), sent_at=at(12) - timedelta(days=5)
    )
    ProviderPayment.objects.filter(pk=new.pk).update(created_at=at(12, 2), sent_at=at(12, 2))
    done = statement_import(provider="daraja", name="march.csv", raw=BILL.encode())
    assert told(done) == [("missing_here", Decimal(500))]
    assert (state(old), state(new), money(kes)) == ("failed", "submitted", (1000, 1000))


@pytest.mark.parametrize("end", ["unknown", "failed"])
def test_a_reversal_settles_the_refund_that_asked_for_it(kes: Account, end: str):
    phone = "+254712345678"
    collected = taken(ask(kes, provider="daraja", msisdn=phone, amount="500"))
    tell_paid(collected, provider_txn_id="SBR1000000")
    refund = taken(refund_create(payment_id=collected.pk).payment)
    tell(refund, said(Claim.NOT_PAID if end == "failed" else Claim.UNKNOWN))
    assert refund.state == end
    for news in (1, 0):  # the same file again tells nothing new
        done = statement_import(provider="daraja", name="march.csv", raw=REVERSED.encode())
        assert done.told == news
        if end == "unknown":
            assert (state(refund), refund.provider_txn_id) == ("succeeded", "SBR2000000")
            assert (state(collected), collected.staff_since) == ("succeeded", None)
        else:  # M-Pesa has done it by itself
            assert (state(refund), state(collected)) == ("failed", "reversed")
        assert money(kes) == (1000, 1000)
    assert_books_agree(kes)


def reversal(receipt: str, amount: int, minute: int = 5) -> str:
    """Return a line of MTN's for money that went back."""
    return row(receipt, -amount, 0, minute=minute).replace("Transfer", "Reversal")


@pytest.mark.parametrize("is_paid", [False, True])
def test_a_reversal_with_the_receipt_of_its_payment_is_the_refund(ugx: Account, is_paid: bool):
    """MTN's file has no column for what a line reverses."""
    payment = paid(collect(ugx, "5000"), "R1")
    refund = taken(refund_create(payment_id=payment.pk).payment)
    if is_paid:
        tell_paid(refund, provider_txn_id="R2")
    ProviderPayment.objects.filter(pk=refund.pk).update(created_at=at(12, 10))
    for news in (0 if is_paid else 1, 0):  # the same file again tells nothing new
        assert load(reversal("R1", 5000)).told == news
        assert (state(refund), state(payment), payment.staff_since) == (
            "succeeded", "succeeded", None,
        )  # fmt: skip
        assert money(ugx) == (0, 0)
    assert refund.provider_txn_id == ("R2" if is_paid else "")
    # It has a line by that, so that it is not missing in a longer file.
    assert told(load(reversal("R1", 5000), row("R8", 9, 9, minute=30))) == [
        ("missing_here", Decimal(9))
    ]
    tell_paid(refund, provider_txn_id="R2")  # which MTN may still say
    assert money(ugx) == (0, 0)
    assert_books_agree(ugx)


@pytest.mark.parametrize("is_told_before", [False, True])
def test_such_a_reversal_explains_the_refund_of_its_amount_alone(
    ugx: Account, is_told_before: bool
):
    payment = paid(collect(ugx, "5000"), "R1")
    for amount in (2000, 1000):
        refund = taken(refund_create(payment_id=payment.pk, amount=amount).payment)
        tell_paid(refund, provider_txn_id=f"R{amount}")
        ProviderPayment.objects.filter(pk=refund.pk).update(created_at=at(12, 10))
    if is_told_before:
        assert told(load(reversal("R1", 2000))) == [("reversal", Decimal(2000))]
    done = load(reversal("R1", 2000), row("R8", 9, 9, minute=30))
    missing = [amount for what, amount in told(done) if what == "missing_there"]
    assert missing == [Decimal(1000)]


def test_such_a_reversal_in_a_later_file_closes_what_was_missing(ugx: Account):
    refund = taken(refund_create(payment_id=paid(collect(ugx, "5000"), "R1").pk).payment)
    tell_paid(refund, provider_txn_id="R2")
    ProviderPayment.objects.filter(pk=refund.pk).update(created_at=at(12, 10))
    load(row("R7", 9, 9, minute=5), row("R8", 9, 9, minute=30))
    missing = Match.objects.get(what="missing_there")
    assert (missing.payment_id, missing.closed_at) == (refund.pk, None)
    later = load(reversal("R1", 5000, minute=12))
    missing.refresh_from_db()
    assert missing.closed_why == f"File #{later.file.pk} has its line."


def test_a_reversal_with_the_receipt_of_its_payment_is_no_refund_with_a_line_of_its_own(
    ugx: Account,
):
    payment = paid(collect(ugx, "5000"), "R1")
    done, unknown = (taken(refund_create(payment_id=payment.pk, amount=2000).payment) for _ in "ab")
    tell_paid(done, provider_txn_id="R2")
    # It may be either: nothing is booked by it.
    assert load(reversal("R1", 2000)).told == 0
    assert (state(unknown), state(payment), payment.staff_since) == ("submitted", "succeeded", None)
    load(reversal("R2", 2000, 6))
    assert load(reversal("R1", 2000)).told == 1
    assert state(unknown) == "succeeded"
    assert money(ugx) == (1000, 1000)
    assert_books_agree(ugx)


def test_a_reversal_of_an_amount_that_no_payment_has_is_refused(ugx: Account):
    paid(collect(ugx, "5000"), "R1")
    done = load(reversal("R1", 105).replace(",105,", ",10.5,"))
    assert (done.told, done.refused) == (0, 1)


def test_only_payments_of_the_time_of_a_file_are_missing_there(ugx: Account):
    for moment in (at(11), at(13)):
        paid(collect(ugx, "800", moment), f"R{moment.hour}")
    done = load(row("R1", 10, 10, minute=0), row("R2", 10, 20, minute=59))
    assert [what for what, _ in told(done)] == ["missing_here", "missing_here"]


def test_what_cannot_be_read_or_stored_is_a_finding(ugx: Account):
    done = load(
        row("R1", 10, 10).replace("2026-03-02", "yesterday"),
        row("R" * 101, 10, 20),
        row("R4", 10, 30),
        row("R5", 10, 40).replace(",10,0,UGX", ",10.0005,0,UGX"),
        row("R3", 10**14, 10**14 + 40),
    )
    unread = done.file.matches.filter(what="unreadable").order_by("row")
    found = dict(unread.values_list("row", "column"))
    assert found == {2: "at", 3: "receipt", 5: "amount", 6: "amount"}
    assert list(StatementLine.objects.values_list("receipt", flat=True)) == ["R4"]


def test_words_that_are_too_long_are_cut(ugx: Account):
    load(row("R1", 10, 10, "\0" + "x" * 600))
    details = StatementLine.objects.get().details
    assert (len(details), details[:2]) == (500, " x")


@pytest.mark.parametrize("provider", ["mtn", "nobody", "pawapay"])
def test_what_is_no_statement_is_refused_and_nothing_is_written(db: None, provider: str):
    with pytest.raises(StatementRefused):
        statement_import(provider=provider, name="x.csv", raw=b"a,b\n1,2\n")
    assert not StatementFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_imports_at_once_one_stores_the_file(alice: User):
    account = account_open(user_id=alice.pk, currency="UGX")
    payment = collect(account, "5000")
    lines = [row("R1", 5000, 5000, str(payment.pk)), *(row(f"X{n}", 1, 5000 + n) for n in (1, 2))]
    done = at_once(4, lambda _: load(*lines))
    assert sorted(each.is_new for each in done) == [False, False, False, True]
    assert (StatementFile.objects.count(), StatementLine.objects.count()) == (1, 3)
    account.refresh_from_db()
    assert account.current_balance == 5000


def test_a_file_without_lines_is_imported(db: None):
    done = load()
    assert (done.is_new, done.file.lines, done.file.first_at) == (True, 0, None)
