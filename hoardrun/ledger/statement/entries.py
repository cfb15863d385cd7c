"""The content of a statement: balances and postings between two moments. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

COLUMNS = (
    "number",
    "booked_at",
    "event_at",
    "kind",
    "transaction_id",
    "description",
    "reference",
    "amount",
    "currency",
    "balance_after",
)
# A spreadsheet would run a text that begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Entry(NamedTuple):
    """A posting as the account sees it: what came in is positive."""

    number: int
    booked_at: datetime
    event_at: datetime
    kind: str
    transaction_id: int | None
    description: str
    reference: str
    amount: Decimal
    balance_after: Decimal


class Summary(NamedTuple):
    """An account from one moment until another: entries `first` to `last`, and their sums."""

    account_id: int
    currency: str
    since: datetime | None
    until: datetime
    opening_balance: Decimal
    closing_balance: Decimal
    credited: Decimal
    debited: Decimal
    first: int
    last: int

    @property
    def size(self) -> int:
        """Number of entries; they are numbered without gaps."""
        return self.last - self.first + 1


def sheet(entries: Iterable[Entry], currency: str) -> str:
    """Write entries as CSV (RFC 4180), for spreadsheets."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for entry in entries:
        row = {**entry._asdict(), "currency": currency}
        row["booked_at"], row["event_at"] = entry.booked_at.isoformat(), entry.event_at.isoformat()
        for name in ("description", "reference"):
            row[name] = _plain(str(row[name]))
        writer.writerow("" if row[name] is None else row[name] for name in COLUMNS)
    return out.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
