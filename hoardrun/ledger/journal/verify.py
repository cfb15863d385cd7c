"""Prove that accounts, transactions and the journal agree.

`findings` and `agreement` say what must hold. All is read page by page beside the running system.
Two reads of one account may see two moments, so one that looks wrong is read again under its lock,
which every writer of its book holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from django.db import transaction
from django.db.models import Max, QuerySet

from hoardrun.ledger.journal import missing
from hoardrun.ledger.journal.agreement import PostingFacts, posting_findings
from hoardrun.ledger.journal.findings import (
    NOTHING,
    Finding,
    Link,
    account_findings,
)
from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.journal.reading import MOST, account_facts, links_of
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import amount_human

ACCOUNTS = 500
ROWS = 5000
_FACTS = (
    *("source", "kind", "minor", "currency"),
    *(
        f"{side}_{name}" if name == "id" else f"{side}__{name}"
        for side in ("debit", "credit")
        for name in ("id", "kind", "currency", "account_id")
    ),
    "txn_id",
    *(f"txn__{name}" for name in ("account_id", "amount", "currency", "direction", "status")),
    "txn__counterpart__account_id",
    "reverses_id",
    *(f"reverses__{name}" for name in ("minor", "debit_id", "credit_id", "txn_id")),
)

# The rows that were looked at, and what was found in them.
Page = tuple[int, list[Finding]]


def accounts_verify(since: datetime | None = None) -> Iterator[Page]:
    """Check balances, holds and chains; with `since`, of accounts that have changed since then."""
    rows = Account.objects.order_by("pk")
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    for page in _pages(rows):
        suspects = {finding.account_id for finding in _accounts(page)}
        yield (
            len(page),
            [finding for pk in sorted(filter(None, suspects)) for finding in _again(pk)],
        )


def _pages(rows: QuerySet[Account]) -> Iterator[list[int]]:
    """Return ids, no more at once than that their postings fit into memory."""
    last = 0
    while some := list(rows.filter(pk__gt=last).values_list("pk", "book__version")[:ACCOUNTS]):
        last = some[-1][0]
        page: list[int] = []
        total = 0
        for pk, postings in some:
            total += postings or 0
            if page and total > MOST:
                yield page
                page, total = [], postings or 0
            page.append(pk)
        yield page


def postings_verify(since: datetime | None = None) -> Iterator[Page]:
    """Check each posting against its books, its transaction and what it reverses."""
    rows = Posting.objects.order_by("pk")
    if since is not None:
        rows = rows.filter(booked_at__gte=since)
    last = 0
    while page := list(rows.filter(pk__gt=last).values_list("pk", *_FACTS)[:ROWS]):
        last = page[-1][0]
        found = [
            finding for _, *facts in page for finding in posting_findings(PostingFacts(*facts))
        ]
        yield len(page), found


def transactions_verify(since: datetime | None = None) -> Iterator[Page]:
    """Check that each transaction that has moved money has its postings."""
    newest = Transaction.objects.aggregate(newest=Max("pk"))["newest"] or 0
    for first in range(0, newest, ROWS):
        found = [
            Finding(
                "missing",
                txn.account_id,
                f"posting of {what} transaction #{txn.pk}",
                amount_human(txn.amount, txn.currency),
                NOTHING,
            )
            for what, rows in (
                ("completed", missing.completed(since)),
                ("reversed", missing.reversed_(since)),
            )
            for txn in _between(rows, first)
        ]
        yield min(ROWS, newest - first), found


def _between(rows: QuerySet[Transaction], first: int) -> Iterable[Transaction]:
    return rows.filter(pk__gt=first, pk__lte=first + ROWS).order_by("pk")


def _again(account_id: int) -> list[Finding]:
    """Check an account under its lock."""
    with transaction.atomic():
        list(Account.objects.select_for_update(no_key=True).filter(pk=account_id))
        return list(_accounts([account_id]))


def _accounts(ids: list[int]) -> Iterator[Finding]:
    """Check some accounts, which are in the order of their ids."""
    chains = groupby(links_of(ids), key=attrgetter("account_id"))
    waiting = next(chains, None)
    for facts in account_facts(ids):
        links: Iterable[Link] = ()
        if waiting is not None and waiting[0] == facts.account_id:
            links = waiting[1]
        yield from account_findings(facts, links)
        if links:
            waiting = next(chains, None)
