"""What the journal says of an account."""

from __future__ import annotations

from typing import Any

from hoardrun.ledger.journal import running
from hoardrun.ledger.journal.findings import Finding
from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.models import Account
from hoardrun.ledger.money import amount_of


def lines(**wanted: Any) -> list[tuple[str, str, str, int]]:
    """List postings in order: kind, debit, credit and minor units."""
    rows = Posting.objects.filter(**wanted).select_related("debit", "credit").order_by("pk")
    return [(row.kind, str(row.debit), str(row.credit), row.minor) for row in rows]


def verified(**options: Any) -> list[Finding]:
    """Verify the ledger; return the findings."""
    found: list[Finding] = []
    running.run(tell=found.append, **options)
    return found


def assert_books_agree(*accounts: Account) -> None:
    """Check that nothing is found, and that each account's book has its balance."""
    assert verified() == []
    for account in accounts:
        account.refresh_from_db()
        book = getattr(account, "book", None)
        posted = amount_of(book.balance, account.currency) if book else 0
        assert posted == account.current_balance
