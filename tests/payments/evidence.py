"""What the database, the providers and the clients hold at the end, read by raw SQL and from files.

Amounts count the currency's smallest unit.
"""

from __future__ import annotations

import json
import re
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.centre.ledger import lines
from tests.faults import truth
from tests.payments.plan import Plan, Wish

DECIMALS = {"UGX": 0, "KES": 2}


@dataclass
class Row:
    """A payment of ours, and what the journal says that its gateway has moved for it."""

    id: str
    key: str
    provider: str
    kind: str
    number: str
    currency: str
    minor: int
    state: str
    reference: str
    staff_since: Any
    staff_reason: str
    txn: int
    fee_txn: int | None
    late_txn: int | None
    moved: int = 0  # above zero: came from the phone
    in_doubt: list[int] = field(default_factory=list)  # by open findings of a statement


@dataclass
class Theirs:
    """A payment in a provider's own books."""

    provider: str
    kind: str
    number: str
    stands: str
    moved: int


@dataclass
class Txn:
    """One row of the ledger's transactions."""

    id: int
    account: int
    status: str
    direction: str
    minor: int


@dataclass
class Account:
    """One account, with the sum of what the journal has moved into it."""

    id: int
    current: int
    available: int
    posted: int = 0


@dataclass
class Answered:
    """An answer to a client."""

    status: int
    said: str


@dataclass
class Evidence:
    """All of it."""

    wishes: dict[str, Wish]
    answers: dict[str, list[Answered]]
    rows: list[Row]
    theirs: list[Theirs]
    txns: dict[int, Txn]
    accounts: dict[int, Account]
    unread: int  # callbacks that nobody has read


def read(database_url: str, folder: Path, plan: Plan) -> Evidence:
    """Read everything, once nothing moves."""
    with truth.connected(database_url) as query:
        rows = [
            Row(_uuid(id_), key if refunds is None else f"refund-{_uuid(refunds)}", *rest)
            for id_, refunds, key, *rest in query(
                "SELECT id, refunds_id, coalesce(idempotency_key, ''), provider, kind, msisdn, "
                "currency, minor, state, reference, staff_since, staff_reason, txn_id, fee_txn_id, "
                "late_txn_id "
                "FROM payments_providerpayment"
            )
        ]
        currencies = dict(query("SELECT id, currency FROM ledger_account"))
        txns = {
            id_: Txn(id_, account, status, direction, minor_of(amount, currencies[account]))
            for id_, account, status, direction, amount in query(
                "SELECT id, account_id, status, direction, amount FROM ledger_transaction"
            )
        }
        accounts = {
            id_: Account(id_, *(minor_of(each, currencies[id_]) for each in balances))
            for id_, *balances in query(
                "SELECT id, current_balance, available_balance FROM ledger_account"
            )
        }
        _add_postings(query, rows, accounts)
        _add_findings(query, rows)
        [[unread]] = query(
            "SELECT count(*) FROM payments_paymentreceipt r LEFT JOIN payments_receiptoutcome o "
            "ON o.receipt_id = r.id WHERE o.processed_at IS NULL"
        )
    answers: dict[str, list[Answered]] = defaultdict(list)
    for line in lines(folder, "load-*.jsonl"):
        if line[0] == "end":
            answers[line[2]].append(Answered(line[3], line[4]))
    return Evidence(
        {wish.key: wish for wish in plan.wishes()}, answers, rows, _theirs(folder), txns,
        accounts, int(unread),
    )  # fmt: skip


def minor_of(amount: object, currency: str) -> int:
    """Return an amount in smallest units; SQLite keeps numbers as they come."""
    found = Decimal(str(amount)).scaleb(DECIMALS[currency])
    return int(found.to_integral_value())


def _add_postings(query: Any, rows: list[Row], accounts: dict[int, Account]) -> None:
    """Add to each payment what its gateway has moved, and to each account what was posted."""
    of_txn = {txn: row for row in rows for txn in (row.txn, row.late_txn) if txn is not None}
    books = {
        id_: (kind, account) for id_, kind, account in query(
            "SELECT id, kind, account_id FROM ledger_book"
        )
    }  # fmt: skip
    for debit, credit, minor, txn in query(
        "SELECT debit_id, credit_id, minor, txn_id FROM ledger_posting"
    ):
        for book, sign in ((debit, -1), (credit, 1)):
            kind, account = books[book]
            if account is not None:
                accounts[account].posted += sign * minor
            elif kind == "float" and txn in of_txn:
                # What leaves the book of a float as a debit has come to the gateway.
                of_txn[txn].moved -= sign * minor


def _add_findings(query: Any, rows: list[Row]) -> None:
    """Add what open findings have in doubt, of a payment or of a line that tells of it."""
    by_id = {row.id: row for row in rows}
    # A payment and what gives it back have one phone and one reference.
    places: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        places[row.provider, row.number.lstrip("+")].append(row)
        places[row.provider, row.reference].append(row)
    for payment, amount, currency, provider, details, party in query(
        "SELECT m.payment_id, m.amount, m.currency, l.provider, l.details, l.party "
        "FROM payments_match m LEFT JOIN payments_statementline l ON l.id = m.line_id "
        "WHERE m.closed_at IS NULL "
        "AND m.what IN ('amount_differs', 'missing_there', 'missing_here')"
    ):
        words = re.split(r"[^A-Za-z0-9-]+", f"{details} {party}")
        found = [by_id[_uuid(payment)]] if payment is not None else []
        found = found or [by_id[word] for word in words if word in by_id]
        found = found or [row for word in words for row in places.get((provider, word), ())]
        for row in found:
            row.in_doubt.append(minor_of(amount, currency))


def _theirs(folder: Path) -> list[Theirs]:
    found = json.loads((folder / "books.json").read_text())
    return [
        Theirs(
            each["provider"], each["kind"], each["number"], each["stands"],
            sum(minor_of(amount, each["currency"]) for amount, _ in each["moved"]),
        )
        for each in found
    ]  # fmt: skip


def _uuid(given: object) -> str:
    """Return an id as clients know it; SQLite keeps its digits alone."""
    return str(uuid.UUID(str(given)))


def by_phone(found: list[Theirs]) -> dict[tuple[str, str, str], list[Theirs]]:
    """Return the providers' payments by provider, kind and phone; a bill pays what is collected."""
    grouped: dict[tuple[str, str, str], list[Theirs]] = defaultdict(list)
    for each in found:
        kind = "collect" if each.kind == "bill" else each.kind
        grouped[each.provider, kind, each.number].append(each)
    return grouped
