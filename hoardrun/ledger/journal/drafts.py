"""What to post for a transaction: between which books, and what for. No I/O.

completed, inbound     float of the provider -> customer
completed, outbound    customer -> float of the provider
a fee                  customer -> fees, or back
without a provider     the world stands in for the float
against another book   that one stands in for it
reversed               the mirror of the first
a transfer             customer -> customer, one posting for two transactions
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from hoardrun.ledger.choices import Direction
from hoardrun.ledger.choices import TransactionType as Type
from hoardrun.ledger.journal.choices import ASSETS, BookKind, PostingKind
from hoardrun.ledger.money import minor_of


class Place(NamedTuple):
    """A book, by what is unique about it."""

    kind: str
    currency: str
    account_id: int | None = None
    provider: str = ""


class Draft(NamedTuple):
    """A posting that is to be written. `undoes` is the source of the one that it reverses."""

    kind: PostingKind
    source: str
    debit: Place
    credit: Place
    minor: int
    txn_id: int | None = None
    event_at: datetime | None = None
    undoes: str = ""


class Moved(NamedTuple):
    """The fields of a transaction that a draft is made from."""

    txn_id: int
    account_id: int
    type: str
    direction: str
    amount: Decimal
    currency: str
    provider: str
    completed_at: datetime | None
    carrier: str = ""
    against: str = ""


def customer(currency: str, account_id: int) -> Place:
    return Place(BookKind.CUSTOMER, currency, account_id)


def opening(account_id: int, currency: str, minor: int) -> Draft:
    """Draft what an account begins with; less than nothing, for a credit account's debt."""
    world, mine = Place(BookKind.WORLD, currency), customer(currency, account_id)
    debit, credit = (world, mine) if minor > 0 else (mine, world)
    return Draft(PostingKind.OPENING, f"opening:{account_id}", debit, credit, abs(minor))


def settled(moved: Moved, *, by_staff: bool = False) -> Draft:
    """Draft the completion of a transaction. `by_staff`: a member of staff completed it."""
    mine = customer(moved.currency, moved.account_id)
    kind = PostingKind.SETTLE
    if moved.type == Type.FEE:
        kind, other = PostingKind.FEE, Place(BookKind.FEES, moved.currency)
    elif moved.against:
        other = Place(moved.against, moved.currency)
    elif at := moved.carrier or moved.provider:
        other = Place(BookKind.FLOAT, moved.currency, provider=at)
    else:
        kind = PostingKind.ADJUSTMENT if by_staff else kind
        other = Place(BookKind.WORLD, moved.currency)
    debit, credit = (other, mine) if moved.direction == Direction.INBOUND else (mine, other)
    minor = minor_of(moved.amount, moved.currency)
    source = f"settle:{moved.txn_id}"
    return Draft(kind, source, debit, credit, minor, moved.txn_id, moved.completed_at)


def funding(book: Place, minor: int, source: str, other: Place | None = None) -> Draft:
    """Draft what comes into one of our own books; less than nothing, for what is taken from it.

    `other` is the book on the other side, by default the world. What we have, or have a claim to,
    grows by a debit: customers pay into a float, and owe a receivable, by one.
    """
    other = other or Place(BookKind.WORLD, book.currency)
    is_debit = (minor > 0) == (book.kind in ASSETS)
    debit, credit = (book, other) if is_debit else (other, book)
    return Draft(PostingKind.FUNDING, source, debit, credit, abs(minor))


def reversal(moved: Moved) -> Draft:
    """Draft the reversal of a transaction that was completed."""
    first = settled(moved)
    return Draft(
        PostingKind.REVERSAL,
        f"reverse:{moved.txn_id}",
        first.credit,
        first.debit,
        first.minor,
        moved.txn_id,
        undoes=first.source,
    )


def transfer(gives: Moved, takes: Moved) -> Draft:
    """Draft both sides of a transfer."""
    return Draft(
        PostingKind.TRANSFER,
        f"transfer:{gives.txn_id}",
        customer(gives.currency, gives.account_id),
        customer(takes.currency, takes.account_id),
        minor_of(gives.amount, gives.currency),
        gives.txn_id,
        gives.completed_at,
    )
