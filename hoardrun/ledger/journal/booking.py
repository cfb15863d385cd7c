"""Book what `services` has moved. It holds the locks of the accounts, and has saved the rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from hoardrun.ledger.choices import ActorKind
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.journal import drafts
from hoardrun.ledger.journal.drafts import Draft, Moved, Place
from hoardrun.ledger.journal.posting import post
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import minor_of


def book_opening(account: Account) -> None:
    """Book what a new account begins with."""
    if account.current_balance:
        minor = minor_of(account.current_balance, account.currency)
        post([drafts.opening(account.pk, account.currency, minor)])


def book_move(txn: Transaction, actor_kind: str, carried: Sequence[Transaction]) -> None:
    """Book a move that was made of a transaction, and the carry that came with it.

    Money is carried to the account before it is taken from there, and after it has come.
    """
    wanted = _drafts(txn, actor_kind)
    if carried:
        gives, takes = map(moved, carried)
        at = 0 if takes.account_id == txn.account_id else len(wanted)
        wanted.insert(at, drafts.transfer(gives, takes))
    if wanted:
        post(wanted)


def book_transfer(sides: Sequence[Transaction]) -> None:
    """Book a transfer, by both of its transactions: the one that gives comes first."""
    gives, takes = map(moved, sides)
    post([drafts.transfer(gives, takes)])


def book_funding(
    book: Place,
    amount: Decimal,
    source: str,
    other: Place | None = None,
    *,
    at: datetime | None = None,
    txn_id: int | None = None,
) -> None:
    """Book what came into one of our own books, from the world or another one of ours.

    An amount below zero is what was taken from it. `at` is when it moved, if that was before now;
    `txn_id` the transaction that it comes with.
    """
    draft = drafts.funding(book, minor_of(amount, book.currency), source, other)
    post([draft._replace(event_at=at, txn_id=txn_id)])


def moved(txn: Transaction) -> Moved:
    """Return what a draft needs of a transaction."""
    return Moved(
        txn.pk,
        txn.account_id,
        txn.type,
        txn.direction,
        txn.amount,
        txn.currency,
        txn.provider,
        txn.completed_at,
        txn.carrier,
        txn.against,
    )


def _drafts(txn: Transaction, actor_kind: str) -> list[Draft]:
    if txn.status == Status.COMPLETED:
        return [drafts.settled(moved(txn), by_staff=actor_kind == ActorKind.STAFF)]
    if txn.status == Status.REVERSED:
        return [drafts.reversal(moved(txn))]
    return []
