"""What must hold of each posting. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from hoardrun.ledger.choices import Direction
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.errors import InvalidAmount
from hoardrun.ledger.journal.choices import SETTLING, BookKind, PostingKind
from hoardrun.ledger.journal.findings import NOTHING, Finding, money_text
from hoardrun.ledger.money import amount_human, minor_of


class PostingFacts(NamedTuple):
    """A posting with its books, its transaction and the posting that it reverses."""

    source: str
    kind: str
    minor: int
    currency: str
    debit_id: int
    debit_kind: str
    debit_currency: str
    debit_account: int | None
    credit_id: int
    credit_kind: str
    credit_currency: str
    credit_account: int | None
    txn_id: int | None
    txn_account: int | None
    txn_amount: Decimal | None
    txn_currency: str | None
    txn_direction: str | None
    txn_status: str | None
    other_account: int | None
    reverses_id: int | None
    first_minor: int | None
    first_debit: int | None
    first_credit: int | None
    first_txn: int | None


def posting_findings(row: PostingFacts) -> Iterator[Finding]:
    """Check a posting against its books, its transaction and what it reverses."""
    account = row.debit_account or row.credit_account

    def found(what: str, expected: Any, got: Any) -> Finding:
        return Finding("posting", account, f"{what} of {row.source}", str(expected), str(got))

    for what, got in (("debit", row.debit_currency), ("credit", row.credit_currency)):
        if got != row.currency:
            yield found(f"currency of the {what}", row.currency, got)
    if row.kind == PostingKind.OPENING:
        kinds = {row.debit_kind, row.credit_kind}
        if kinds != {BookKind.WORLD, BookKind.CUSTOMER}:
            yield found("books", "world and customer", " and ".join(sorted(kinds)))
        return
    if row.kind == PostingKind.FUNDING:
        if row.debit_account or row.credit_account:
            yield found("accounts", NOTHING, row.debit_account or row.credit_account)
        return
    if row.txn_amount is None:
        yield found("transaction", f"#{row.txn_id}", NOTHING)
        return
    if row.txn_currency != row.currency or _minor(row) != row.minor:
        expected = amount_human(row.txn_amount, str(row.txn_currency))
        yield found("amount", expected, money_text(row.minor, row.currency))
    statuses = _statuses(row.kind)
    if row.txn_status not in statuses:
        yield found("transaction's status", " or ".join(statuses), row.txn_status)
    sides, expected_sides = (row.debit_account, row.credit_account), _sides(row)
    if sides != expected_sides:
        yield found("accounts, debit and credit", expected_sides, sides)
    if row.reverses_id is not None:
        mirror = (row.first_minor, row.first_credit, row.first_debit, row.first_txn)
        got_mirror = (row.minor, row.debit_id, row.credit_id, row.txn_id)
        if mirror != got_mirror:
            yield found("mirror (minor, debit, credit, transaction)", mirror, got_mirror)


def _statuses(kind: str) -> tuple[str, ...]:
    """Return the statuses that a transaction may have, of which there is such a posting."""
    if kind == PostingKind.REVERSAL:
        return (Status.REVERSED.value,)
    if kind in SETTLING:
        return (Status.COMPLETED.value, Status.REVERSED.value)
    return (Status.COMPLETED.value,)


def _sides(row: PostingFacts) -> tuple[int | None, int | None]:
    """Return the accounts that the books of a posting must belong to."""
    if row.kind == PostingKind.TRANSFER:
        return row.txn_account, row.other_account
    comes = (row.txn_direction == Direction.INBOUND) != (row.kind == PostingKind.REVERSAL)
    return (None, row.txn_account) if comes else (row.txn_account, None)


def _minor(row: PostingFacts) -> int | None:
    assert row.txn_amount is not None and row.txn_currency is not None
    try:
        return minor_of(row.txn_amount, row.txn_currency)
    except InvalidAmount:
        return None
